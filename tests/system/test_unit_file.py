"""The systemd unit, judged by systemd itself."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT

UNIT = ROOT / "systemd" / "responder.service"
DAEMON = "/opt/after-hours-responder/bin/responder"
EXPOSURE_AT_MOST = 2.0
NEWER_THAN_SOME = {"notify-reload": 253, "RestartSteps": 254, "RestartMaxDelaySec": 254}
"""What the unit uses, and the systemd that learnt it; an older one says that it ignores it."""


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run systemd-analyze; a machine without it fails the test, it does not skip it."""
    program = shutil.which("systemd-analyze")
    assert program is not None, "systemd-analyze is missing: install systemd"
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60, check=False)


def systemd_version() -> int:
    """The number in ``systemd 257 (257.13-1)``."""
    found = re.match(r"systemd (\d+)", analyze("--version").stdout)
    assert found
    return int(found[1])


def unknown_here(version: int) -> list[str]:
    """Which words of the unit this systemd is too old for."""
    return [word for word, since in NEWER_THAN_SOME.items() if version < since]


def settings(section: str) -> dict[str, list[str]]:
    """Every value of every key of one section, in order."""
    body = re.split(r"^\[(\w+)\]$", UNIT.read_text(), flags=re.MULTILINE)
    found: dict[str, list[str]] = {}
    for key, value in re.findall(r"^(\w+)=(.*)$", body[body.index(section) + 1], re.MULTILINE):
        found.setdefault(key, []).append(value)
    return found


def test_systemd_has_nothing_to_say_about_the_unit(tmp_path: Path) -> None:
    """``systemd-analyze verify`` is silent, but for settings that an older systemd says it ignores."""
    program = tmp_path / "responder"
    program.symlink_to(sys.executable)  # verify wants the program to be there
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace(DAEMON, str(program)))
    too_new = unknown_here(systemd_version())

    verdict = analyze("verify", "--man=no", str(copy))

    complaints = [line for line in verdict.stderr.splitlines() if UNIT.stem in line]
    assert [line for line in complaints if not any(word in line for word in too_new)] == []
    assert len(complaints) == len(too_new)
    assert verdict.returncode == 0


def test_the_sandbox_is_tight() -> None:
    """The exposure as systemd measures it of exposure (0 to 10) stays at 2.0 or below."""
    verdict = analyze("security", "--offline=true", f"--threshold={EXPOSURE_AT_MOST * 10:.0f}", str(UNIT))
    level = re.search(r"Overall exposure level for responder\.service: ([\d.]+)", verdict.stdout)
    assert level, verdict.stderr
    assert float(level[1]) <= EXPOSURE_AT_MOST
    assert verdict.returncode == 0


def test_a_bad_configuration_is_not_restarted_for_ever() -> None:
    """Exit status 78 leaves the service stopped; everything else comes back, more and more slowly."""
    service = settings("Service")
    assert "78" in service["RestartPreventExitStatus"][0].split()
    assert service["Restart"] == ["on-failure"]
    assert {"RestartSec", "RestartSteps", "RestartMaxDelaySec"} <= service.keys()
    assert settings("Unit")["StartLimitIntervalSec"] == ["0"]


def test_names_can_be_resolved_inside_the_sandbox() -> None:
    """Looking up a name needs netlink and Unix sockets; without them no mail server is ever found."""
    families = settings("Service")["RestrictAddressFamilies"][0].split()
    assert sorted(families) == ["AF_INET", "AF_INET6", "AF_NETLINK", "AF_UNIX"]


@pytest.mark.parametrize("key", ["PrivateNetwork", "IPAddressDeny", "RootDirectory", "NoExecPaths"])
def test_what_the_sandbox_leaves_out_is_explained(key: str) -> None:
    """A hardening line that is not there stands in a comment with its reason."""
    assert key not in settings("Service")
    assert re.search(rf"^# .*\b{key}=", UNIT.read_text(), re.MULTILINE)


def test_only_the_owner_reads_what_it_keeps() -> None:
    """State and runtime directories are 0700, and no core dump is ever written."""
    service = settings("Service")
    assert service["StateDirectoryMode"] == service["RuntimeDirectoryMode"] == ["0700"]
    assert service["UMask"] == ["0077"]
    assert service["LimitCORE"] == ["0"]
