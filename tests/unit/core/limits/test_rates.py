"""What the rates mean: which limits a reply has to keep, what strangers share, when a limit comes free."""

from __future__ import annotations

import pytest

from responder.core.decision import Proof, Reply
from responder.core.limits.freemail import FREEMAIL
from responder.core.limits.rates import BREAKER, DAY, HOUR, Limit, Rates, Scope, domain_of, free_at, rank_to_watch
from tests.unit.live.fakes import NIGHT, address

OWN = address("hello@harbour.example")


def reply_to(text: str, proof: Proof = Proof.NONE) -> Reply:
    """A decision to answer."""
    return Reply(address(text), OWN, "it came while you are closed", proof=proof)


def rules_for(reply: Reply) -> dict[str, int]:
    """Each limit's id and count."""
    return {limit.rule: limit.count for limit in Rates().limits_for(reply)}


def test_a_sender_that_nothing_vouches_for() -> None:
    """Two a day to each, thirty an hour to all of them, twenty to one domain, and the daemon's breaker."""
    assert rules_for(reply_to("tom@mail.example")) == {
        "rate-correspondent": 2,
        "rate-unauthenticated": 30,
        "rate-domain": 20,
        "breaker": 300,
    }


@pytest.mark.parametrize(
    ("proof", "rule", "count"),
    [(Proof.SENDER, "rate-authenticated", 120), (Proof.FORM, "rate-contact-form", 10)],
)
def test_each_kind_of_proof_has_its_own_rate(proof: Proof, rule: str, count: int) -> None:
    """So that a flood of one kind leaves the others their answers."""
    found = rules_for(reply_to("tom@mail.example", proof))
    assert found[rule] == count
    assert "rate-unauthenticated" not in found


def test_the_correspondents_window_is_a_day_and_the_others_an_hour() -> None:
    """As the file says."""
    windows = {limit.scope: limit.window for limit in Rates().limits_for(reply_to("tom@mail.example"))}
    assert windows.pop(Scope.CORRESPONDENT) == DAY
    assert set(windows.values()) == {HOUR}


@pytest.mark.parametrize("domain", ["gmail.com", "yahoo.co.uk", "t-online.de", "live.fr", "privaterelay.appleid.com"])
def test_where_strangers_share_a_domain_it_has_no_rate(domain: str) -> None:
    """One person's mail must not silence another's."""
    assert "rate-domain" not in rules_for(reply_to(f"tom@{domain}"))


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("mail.example", "mail.example"),
        ("a7.b.mail.example", "mail.example"),
        ("ward3.trust.nhs.uk", "trust.nhs.uk"),
        ("trust.nhs.uk", "trust.nhs.uk"),
        ("harbour.org.uk", "harbour.org.uk"),
        ("x.harbour.org.uk", "harbour.org.uk"),
        ("org.uk", "org.uk"),
        ("mail.abc.de", "abc.de"),
        ("localhost", "localhost"),
        ("notgmail.com", "notgmail.com"),
        ("mx.gmail.com", "gmail.com"),
    ],
)
def test_a_new_name_below_a_domain_is_no_new_domain(domain: str, expected: str) -> None:
    """Who changes it each time is still held; a neighbour under org.uk is not held with him."""
    found = domain_of(reply_to(f"tom@{domain}").correspondent)
    assert found == expected


def test_the_table_of_shared_domains_holds_domains() -> None:
    """Lower case, with a dot, and no blank that a slip of the pen left."""
    assert len(FREEMAIL) > 300
    assert all(name == name.lower().strip() and "." in name and "@" not in name for name in FREEMAIL)


def test_a_rolling_limit_comes_free_when_the_oldest_that_counts_leaves_the_window() -> None:
    """The twentieth newest decides whether a twenty-first may go."""
    limit = Limit.rolling("rate-domain", Scope.DOMAIN, 20, HOUR)
    assert rank_to_watch(limit, was_open=False) == 20
    assert limit.reopen_at + 1 == 20
    assert free_at(limit, NIGHT) == NIGHT + HOUR


def test_the_breaker_stays_open_until_half_is_left() -> None:
    """It does not flicker: once it opened, it is the 151st newest of 300 that decides."""
    (breaker,) = (limit for limit in Rates().limits_for(reply_to("tom@mail.example")) if limit.rule == BREAKER)
    assert rank_to_watch(breaker, was_open=False) == 300
    assert rank_to_watch(breaker, was_open=True) == 151


def test_a_breaker_of_one_is_a_breaker() -> None:
    """The smallest number that a file may hold."""
    (breaker,) = (one for one in Rates(breaker=1).limits_for(reply_to("t@mail.example")) if one.rule == BREAKER)
    assert rank_to_watch(breaker, was_open=True) == rank_to_watch(breaker, was_open=False) == 1
