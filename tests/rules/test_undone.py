"""What the fixes of families 1 and 2 promise holds when pytest runs: the tests pass, and nothing is left behind.

A small suite that leaks in every way is fixed in each idiom and run; a plugin of its own compares the state of the
process before and behind each file. Run as it is, the suite leaks everywhere, so the comparison would notice.
"""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from leaking_suite import CASES, LIBRARY, WATCHER
from rule_harness import everything, fixed_by_first
from testlsp.lint import Bad

RULES = tuple(rule for rule in everything() if rule.code.startswith(("TL1", "TL2")))
IDIOMS = ("monkeypatch", "patch.dict", "mocker")
VERSIONS = ("3.10", "3.11")[: 1 if sys.version_info < (3, 11) else 2]


def fixed(code: str, idiom: str, version: str) -> str:
    """Return *code* with the first fix of every finding applied until none is left."""
    example = Bad(code, settings={"idiom": idiom, "target_version": version})
    return fixed_by_first(example, RULES)


def run(folder: Path, files: dict[str, str]) -> tuple[str, dict[str, list[str]]]:
    """Run pytest on *files* and return what it said, and for each file what it has left behind."""
    (folder / "lib.py").write_text(textwrap.dedent(LIBRARY), encoding="utf-8")
    (folder / "conftest.py").write_text(textwrap.dedent(WATCHER), encoding="utf-8")
    for name, code in files.items():
        (folder / f"test_{name}.py").write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:xdist", "-p", "no:cacheprovider", "-rfE"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    said = done.stdout + done.stderr
    report = folder / "left.json"
    assert report.exists(), said
    left: dict[str, list[str]] = json.loads(report.read_text(encoding="utf-8"))
    return said, left


def test_the_suite_leaks_everywhere(tmp_path: Path) -> None:
    """Before any fix the tests pass, and each file leaves something behind."""
    said, left = run(tmp_path, {name: textwrap.dedent(code) for name, code in CASES.items()})
    assert "failed" not in said, said
    assert "error" not in said.lower(), said
    assert sorted(name for name, changed in left.items() if changed) == sorted(CASES)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("idiom", IDIOMS)
def test_nothing_is_left_behind_after_the_fix(tmp_path: Path, idiom: str, version: str) -> None:
    """After the fixes the tests still pass and the state of the process is what it was, in each idiom."""
    files = {name: fixed(code, idiom, version) for name, code in CASES.items()}
    unchanged = [name for name, code in CASES.items() if files[name] == Bad(code).code]
    assert unchanged == []
    said, left = run(tmp_path, files)
    assert "failed" not in said, said
    assert "error" not in said.lower(), said
    assert {name: changed for name, changed in left.items() if changed} == {}
    assert set(left) == set(CASES)
