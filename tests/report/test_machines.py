"""Reports for machines."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from testlsp.lint import Applicability
from testlsp.project.records import EditRecord, Finding, FixRecord, Location
from testlsp.report.changes import unified_diff
from testlsp.report.entries import Entry, entry
from testlsp.report.machines import github, json_lines
from testlsp.report.styles import PLAIN

FIXES = (
    FixRecord("Expect 200", "manual", False, (EditRecord(Location(2, 1), Location(2, 4), "2", None),)),
    FixRecord("Elsewhere", "unsafe", True, (EditRecord(Location(1, 1), Location(1, 1), "x", "/p/conftest.py"),)),
    FixRecord("Impossible", "safe", False, ()),
)


def made(*, end: tuple[int, int] = (2, 4), fixes: tuple[FixRecord, ...] = (), severity: str = "warning") -> Entry:
    found = Finding("TL999", "some-rule", "100% wrong:\na, b", severity, Location(2, 1), Location(*end), fixes)
    return entry("tests/a,b.py", "/p/tests/a,b.py", found, Applicability.SAFE, {"TL999"})


def test_json_object() -> None:
    """An object has ruff's fields, all fixes that can be built, and the preferred one again."""
    [found] = json.loads("".join(json_lines([made(fixes=FIXES)])))

    unsafe = {
        "title": "Elsewhere",
        "applicability": "unsafe",
        "preferred": True,
        "edits": [
            {
                "content": "x",
                "location": {"row": 1, "column": 1},
                "end_location": {"row": 1, "column": 1},
                "filename": "/p/conftest.py",
            }
        ],
    }
    assert found == {
        "code": "TL999",
        "name": "some-rule",
        "message": "100% wrong:\na, b",
        "filename": "/p/tests/a,b.py",
        "location": {"row": 2, "column": 1},
        "end_location": {"row": 2, "column": 4},
        "severity": "warning",
        "fix": unsafe,
        "fixes": [
            {
                "title": "Expect 200",
                "applicability": "manual",
                "preferred": False,
                "edits": [
                    {
                        "content": "2",
                        "location": {"row": 2, "column": 1},
                        "end_location": {"row": 2, "column": 4},
                    }
                ],
            },
            unsafe,
        ],
        "url": "rules/docs/some-rule.md",
    }


def test_json_without_a_preferred_fix() -> None:
    """When no fix is preferred there is none to apply without asking."""
    [found] = json.loads("".join(json_lines([made(fixes=FIXES[:1])])))

    assert found["fix"] is None
    assert len(found["fixes"]) == 1


@pytest.mark.parametrize("number", [0, 1, 3])
def test_json_is_an_array(number: int) -> None:
    """Any number of findings is one array, and its text is ASCII."""
    text = "".join(json_lines([made()] * number))

    assert len(json.loads(text)) == number
    assert text.isascii()
    assert text.endswith("]\n")


def test_github() -> None:
    """A finding is a workflow command whose properties and message are escaped."""
    assert "".join(github([made()])) == (
        "::warning title=testlsp (TL999),file=tests/a%2Cb.py,line=2,endLine=2,col=1,endColumn=4"
        "::tests/a,b.py:2:1: TL999 100%25 wrong:%0Aa, b\n"
    )


def test_github_over_several_lines() -> None:
    """Columns are left out when they would be those of different lines; severities become GitHub's."""
    text = "".join(github([made(end=(5, 2), severity="error"), made(severity="hint")]))

    assert text.startswith("::error title=testlsp (TL999),file=tests/a%2Cb.py,line=2,endLine=5::")
    assert "\n::notice " in text


def test_github_workspace(monkeypatch: pytest.MonkeyPatch) -> None:
    """GitHub wants paths relative to its workspace, not to the folder the command ran in."""
    monkeypatch.setenv("GITHUB_WORKSPACE", "/p")
    inner = made()._replace(path="a,b.py")

    assert ",file=tests/a%2Cb.py," in "".join(github([inner]))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a\nb\nc\n", "a\nB\nc\n"),
        ("a\nb", "a\nB"),
        ("a\nb", "a\nb\nc\n"),
        ("a\r\nb\r\n", "a\r\nB\r\n"),
        ("a\rb\nc\n", "a\rB\nc\n"),
        ("", "a\n"),
        ("-- a\n++ b\n", "-- a\n"),
        ("a\x0cb\x85c\u2028d\n", "a\x0cB\x85c\u2028d\n"),
    ],
)
def test_unified_diff_can_be_applied(tmp_path: Path, old: str, new: str) -> None:
    """The diff turns the old text into the new one for git, whatever ends the lines."""
    (tmp_path / "a.txt").write_bytes(old.encode())
    diff = "".join(unified_diff("a.txt", old, new, PLAIN))

    done = subprocess.run(
        ["git", "apply", "-p0", "-"], cwd=tmp_path, input=diff.encode(), capture_output=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.txt").read_bytes() == new.encode()
