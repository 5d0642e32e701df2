"""Domains that strangers share: a provider's, not a person's or an organisation's."""

from __future__ import annotations

from typing import Final

_YAHOO: Final = (
    "at", "be", "ca", "cl", "cn", "co.id", "co.in", "co.jp", "co.kr", "co.nz", "co.th", "co.uk", "co.za", "com",
    "com.ar", "com.au", "com.br", "com.cn", "com.co", "com.hk", "com.mx", "com.my", "com.ph", "com.sg", "com.tr",
    "com.tw", "com.vn", "cz", "de", "dk", "es", "fi", "fr", "gr", "hu", "ie", "in", "it", "nl", "no", "pl", "pt",
    "ro", "ru", "se",
)  # fmt: skip
_MICROSOFT: Final = (
    "at", "be", "ca", "ch", "cl", "co.id", "co.il", "co.in", "co.jp", "co.kr", "co.nz", "co.th", "co.uk", "co.za",
    "com", "com.ar", "com.au", "com.br", "com.mx", "com.sg", "com.tr", "com.tw", "cz", "de", "dk", "es", "fi", "fr",
    "gr", "hu", "ie", "in", "it", "jp", "nl", "no", "ph", "pl", "pt", "ro", "rs", "ru", "se", "sg", "sk", "th",
)  # fmt: skip

FREEMAIL: Final = frozenset(
    {
        *(f"yahoo.{end}" for end in _YAHOO),
        *(f"{name}.{end}" for name in ("hotmail", "live", "outlook") for end in _MICROSOFT),
        # the world
        "aim.com", "aol.com", "duck.com", "email.com", "fastmail.com", "fastmail.fm", "gmail.com", "gmx.com",
        "gmx.net", "googlemail.com", "hey.com", "hushmail.com", "icloud.com", "inbox.com", "mac.com", "mail.com",
        "mailfence.com", "me.com", "mozmail.com", "msn.com", "pm.me", "privaterelay.appleid.com", "proton.me",
        "protonmail.ch", "protonmail.com", "rocketmail.com", "runbox.com", "startmail.com", "tuta.com", "tuta.io",
        "tutamail.com", "tutanota.com", "tutanota.de", "usa.com", "yandex.com", "ymail.com", "zoho.com", "zoho.eu",
        "zohomail.com",
        # Great Britain and Ireland
        "blueyonder.co.uk", "btinternet.com", "btopenworld.com", "eircom.net", "gmx.co.uk", "mail.co.uk",
        "ntlworld.com", "o2.co.uk", "plus.net", "plusnet.com", "sky.com", "talk21.com", "talktalk.net",
        "tiscali.co.uk", "uwclub.net", "virgin.net", "virginmedia.com", "zen.co.uk",
        # North America
        "att.net", "bell.net", "bellsouth.net", "centurylink.net", "charter.net", "comcast.net", "cox.net",
        "earthlink.net", "frontier.com", "frontiernet.net", "juno.com", "mindspring.com", "netzero.net",
        "optonline.net", "optimum.net", "pacbell.net", "prodigy.net", "roadrunner.com", "rogers.com", "rr.com",
        "sbcglobal.net", "shaw.ca", "spectrum.net", "suddenlink.net", "sympatico.ca", "telus.net", "twc.com",
        "verizon.net", "videotron.ca", "windstream.net", "xfinity.com",
        # Australia and New Zealand
        "adam.com.au", "bigpond.com", "bigpond.com.au", "bigpond.net.au", "dodo.com.au", "iinet.net.au",
        "internode.on.net", "iprimus.com.au", "optusnet.com.au", "orcon.net.nz", "slingshot.co.nz", "tpg.com.au",
        "westnet.com.au", "xtra.co.nz",
        # Germany, Austria, Switzerland
        "a1.net", "aon.at", "arcor.de", "bluewin.ch", "chello.at", "email.de", "freenet.de", "gmx.at", "gmx.ch",
        "gmx.de", "hispeed.ch", "kabelmail.de", "mail.de", "mailbox.org", "online.de", "posteo.de", "posteo.net",
        "sunrise.ch", "t-online.de", "vodafone.de", "vodafonemail.de", "web.de",
        # France, Belgium, the Netherlands, Luxembourg
        "bbox.fr", "free.fr", "hetnet.nl", "home.nl", "kpnmail.nl", "laposte.net", "neuf.fr", "numericable.fr",
        "orange.fr", "planet.nl", "pt.lu", "sfr.fr", "skynet.be", "telenet.be", "upcmail.nl", "voo.be", "wanadoo.fr",
        "xs4all.nl", "ziggo.nl",
        # Italy, Spain, Portugal, Greece
        "alice.it", "fastwebnet.it", "gmx.es", "gmx.fr", "gmx.it", "iol.it", "libero.it", "otenet.gr", "sapo.pt",
        "telefonica.net", "tim.it", "tin.it", "tiscali.it", "virgilio.it",
        # the North
        "broadpark.no", "bredband.net", "elisanet.fi", "kolumbus.fi", "mail.dk", "online.no", "stofanet.dk",
        "telia.com", "tele2.se", "tdcadsl.dk", "welho.com",
        # the East
        "abv.bg", "azet.sk", "bk.ru", "centrum.cz", "centrum.sk", "citromail.hu", "email.cz", "freemail.hu",
        "inbox.lv", "inbox.ru", "interia.pl", "list.ru", "mail.bg", "mail.ee", "mail.ru", "o2.pl", "onet.pl", "op.pl",
        "post.cz", "rambler.ru", "seznam.cz", "tlen.pl", "ukr.net", "volny.cz", "wp.pl", "ya.ru", "yandex.ru",
        "yandex.ua", "zoznam.sk",
        # Asia, Africa, Latin America
        "126.com", "139.com", "163.com", "bol.com.br", "daum.net", "docomo.ne.jp", "ezweb.ne.jp", "foxmail.com",
        "globo.com", "hanmail.net", "ig.com.br", "mweb.co.za", "naver.com", "netvigator.com", "nate.com", "qq.com",
        "rediffmail.com", "sina.com", "sohu.com", "softbank.ne.jp", "telkomsa.net", "terra.com.br", "uol.com.br",
        "walla.co.il", "walla.com", "webmail.co.za", "yeah.net",
    }
)  # fmt: skip
"""Big providers' domains, from common knowledge: a rate for each domain would silence strangers for one another's mail.
One that is missing makes a busy night slower, and drops nobody."""
