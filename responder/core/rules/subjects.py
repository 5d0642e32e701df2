"""How subjects of automatic messages start, in the words of the programs that write them.

Only starts are compared: a person who quotes one writes "Re:" or words of her own before it. A person may write any of
them too, so the rule that reads this table is soft; what people write of their own accord ("Cancelled: ...") is left
out.
"""

from __future__ import annotations

import re
import unicodedata

STARTS: tuple[str, ...] = (
    # out of office: Exchange and Outlook say "Automatic reply: ..." in the language of the mailbox
    "auto:", "auto reply", "auto-reply", "autoreply", "auto response", "auto-response", "automated response",
    "automatic reply", "automatic response", "out of office", "out-of-office", "out of the office", "vacation reply",
    "abwesenheit:", "abwesenheitsassistent", "abwesenheitsbenachrichtigung", "abwesenheitsmeldung", "abwesenheitsnotiz",
    "automatische antwort", "autom. antwort",
    "absence du bureau", "absent du bureau", "réponse automatique",
    "respuesta automática", "fuera de la oficina", "fuera de oficina",
    "fuori sede", "fuori ufficio", "risposta automatica",
    "fora do escritório", "resposta automática",
    "afwezigheidsbericht", "automatisch antwoord", "automatische beantwoording",
    "automatisk svar", "automatiskt svar", "autosvar",
    "automaattinen vastaus", "poissaoloilmoitus",
    "autoodpowiedź", "odpowiedź automatyczna", "automatická odpověď", "automatická odpoveď", "samodejni odgovor",
    "automatski odgovor", "automatikus válasz", "răspuns automat", "otomatik yanıt",  # noqa: RUF001 - Turkish
    "автоответ", "автоматический ответ", "автоматична відповідь", "автоматичен отговор", "αυτόματη απάντηση",
    "自动答复", "自動回覆", "自動応答", "자동 회신",
    # could not be delivered
    "delivery failure", "delivery has failed", "delivery notification", "delivery report", "delivery status",
    "delayed mail", "failure notice", "mail delivery", "mail system error", "message delivery", "message not delivered",
    "returned mail", "returned to sender", "undeliverable", "undelivered", "warning: could not send message",
    "warning: message", "mail could not be delivered", "nondeliverable", "non-deliverable",
    "nicht zustellbar", "unzustellbar", "zustellung fehlgeschlagen", "nachricht nicht zugestellt",
    "fehler bei der nachrichtenzustellung",
    "avis de non-remise", "non remis", "non distribué", "échec de la remise", "échec de remise",
    "message non distribué", "non délivré",
    "no se puede entregar", "no se pudo entregar", "no entregado", "correo no entregado", "no se ha podido entregar",
    "impossibile recapitare", "mancata consegna", "mancato recapito", "non recapitabile", "recapito non riuscito",
    "falha na entrega", "não entregue", "não é possível entregar", "mensagem não entregue",
    "kan niet worden bezorgd", "niet bezorgd", "onbestelbaar", "niet-bestelbaar",
    "kan inte levereras", "går inte att leverera", "ej levererat", "kan ikke leveres", "kunne ikke leveres",
    "ikke leveret", "ikke levert", "ei voitu toimittaa", "toimitus epäonnistui",
    "nie można dostarczyć", "niedostarczalne", "niedostarczona", "nelze doručit", "nedoručitelné", "nedoručené",
    "nedoručiteľné", "kézbesíthetetlen", "nem kézbesíthető", "nelivrat", "imposibil de livrat", "teslim edilemedi",
    "teslim edilemez", "не доставлено", "недоставлен", "не удалось доставить", "сообщение не доставлено",
    "не може бути доставлено", "δεν είναι δυνατή η παράδοση",
    "无法投递", "無法傳遞", "系统退信", "配信不能", "配信できませんでした", "배달되지 않음", "배달할 수 없음",
    # read, or deleted unread: Outlook's receipts
    "read: ", "not read: ", "gelesen: ", "ungelesen: ", "lu : ", "lu: ", "non lu : ", "leído: ", "no leído: ",
    "letto: ", "non letto: ", "gelezen: ", "niet gelezen: ", "lida: ", "läst: ", "lest: ", "læst: ", "luettu: ",
    "przeczytano: ", "přečteno: ", "prečítané: ", "прочитано: ", "read receipt",
    "return receipt (displayed)", "lesebestätigung", "accusé de lecture", "confirmación de lectura",
    "conferma di lettura", "leesbevestiging",
    # answers to invitations
    "accepted: ", "declined: ", "tentative: ", "tentatively accepted: ", "canceled event", "cancelled event",
    "updated invitation", "zugesagt: ", "abgelehnt: ", "mit vorbehalt: ", "accepté : ", "refusé : ",
    "provisoire : ", "aceptado: ", "aceptada: ", "rechazado: ", "rechazada: ", "accettato: ",
    "rifiutato: ", "geaccepteerd: ", "afgewezen: ", "aktualisierte einladung",
    # robots' reports
    "report domain:", "cron <", "[postmaster] email delivery failure",
    # telephone systems
    "[pbx]: ", "new voicemail", "new voice message", "new fax ", "voice message from ",
    "neue sprachnachricht", "neues fax ", "nouveau message vocal", "fax received", "fax message", "efax message from",
)  # fmt: skip

_KEY = 3
"""Characters by which a start is looked up: none is shorter."""

_BY_KEY: dict[str, tuple[str, ...]] = {}
for _start in STARTS:
    _BY_KEY[_start[:_KEY]] = (*_BY_KEY.get(_start[:_KEY], ()), _start)

_TAG = re.compile(r"\[[^\]]{1,20}\]:? *")
"""What a receiving organisation puts in front of a subject that comes from outside, such as "[EXTERNAL]"."""

_GOOGLE_INVITATION = re.compile(r"(?:updated )?invitation(?: from an unknown sender)?: .+ @ .+\d")


def is_automatic(subject: str) -> bool:
    """Whether a subject starts, or as a whole looks, like one that a program wrote."""
    text = subject.lower() if subject.isascii() else unicodedata.normalize("NFC", subject).lower()
    tag = _TAG.match(text) if text.startswith("[") else None
    return _starts(text) or (tag is not None and _starts(text[tag.end() :]))


def _starts(text: str) -> bool:
    return text.startswith(_BY_KEY.get(text[:_KEY], ())) or _GOOGLE_INVITATION.match(text) is not None
