"""Twenty kills, most at a random moment while replies wait: nobody is left without a reply (``benchmarks/kill.py``)."""

from __future__ import annotations

import pytest

from benchmarks import kill


@pytest.mark.timeout(300)  # some forty starts of the daemon
async def test_twenty_kills(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is never answered but whose final dot was cut off twice, and nobody has two different replies."""
    monkeypatch.setattr(kill, "UP_TO", 2.5)
    right = await kill.run(kills=16, people=200, targeted=2, seed=20)
    assert right, capsys.readouterr().out
