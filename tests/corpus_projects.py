"""The pinned projects that rules were judged by, and a replay of those judgements.

`tests/corpus/projects.txt` pins those whose findings were all read, or twenty of a rule; `further.txt` beside it those
in which single findings were. `bench/fetch_corpus.py` unpacks them into a folder.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from testlsp.builtin import all_rules
from testlsp.config.load import Layer
from testlsp.project.checking import Checker, FileReport
from testlsp.project.configuration import Configuration
from testlsp.project.discovery import discover

_CORPUS = Path(__file__).parent / "corpus"

# Django's own runner collects `test*.py`: https://docs.djangoproject.com/en/5.2/topics/testing/overview/#running-tests
PYTHON_FILES = {"django": ("test*.py",)}


_ABOUT_ALL_FILES = frozenset({"TL421"})
"""Rules that look at who uses something, in any file."""


class Pin(NamedTuple):
    """A source distribution: the folder it unpacks to, and its line in the list, as pip reads it."""

    folder: str
    requirement: str


class Judgement(NamedTuple):
    """What somebody who read it thought of a finding; *path* is relative to the project, *line* counts from 1."""

    rule: str
    project: str
    path: str
    line: int
    text: str
    right: bool


def pins(name: str = "projects.txt") -> tuple[Pin, ...]:
    """Return the source distributions that the list *name* pins, in its order."""
    lines = (_CORPUS / name).read_text("utf-8").splitlines()
    requirements = [line for line in lines if line and not line.startswith("#")]
    return tuple(
        Pin(requirement.split()[0].replace("-", "_").replace("==", "-"), requirement) for requirement in requirements
    )


def all_pins() -> tuple[Pin, ...]:
    """Return everything that is pinned."""
    return (*pins(), *pins("further.txt"))


def judgements() -> list[Judgement]:
    """Return all judgements there are."""
    found = []
    for path in sorted((_CORPUS / "judgements").glob("*.json")):
        for item in json.loads(path.read_text("utf-8")):
            place = item["project"], item["path"], int(item["line"])
            assert item["verdict"] in ("right", "wrong"), item
            found.append(Judgement(item["rule"], *place, item["text"], item["verdict"] == "right"))
    return found


def configuration(root: Path, **more: Any) -> Configuration:
    """Return the configuration of the project at *root*, with the test files of its own runner, and *more* settings."""
    name = root.name.partition("-")[0].lower()
    usual = {"python_files": PYTHON_FILES[name]} if name in PYTHON_FILES else {}
    return Configuration(cwd=str(root), overrides=(Layer("corpus", str(root), {**usual, **more}),))


@cache
def reports(root: Path) -> dict[str, FileReport]:
    """Return what all rules, opt-in ones included, say of the test files of the project at *root*, by path."""
    checker = _checker(root)
    files = discover([str(root)], checker.configuration.for_folder)
    return {report.path: report for report in checker.check(files)}


def replay(root: Path, judged: Iterable[Judgement]) -> list[str]:
    """Return complaints about those of *judged*, all about the project at *root*, that do not hold any more.

    What was right must still be found, what was wrong must not. Of a project in which single findings were judged, only
    the files with these are checked.
    """
    judged = list(judged)
    all_files = root.name in {pin.folder for pin in pins()} or any(item.rule in _ABOUT_ALL_FILES for item in judged)
    known = dict(reports(root)) if all_files else {}
    # Those that the project does not call tests, too.
    others = sorted({str(root / item.path) for item in judged}.difference(known))
    if others := [path for path in others if Path(path).exists()]:
        checker = _checker(root)
        more = discover(others, checker.configuration.for_folder)
        known.update({report.path: report for report in checker.check(more)})
    complaints = []
    for item in judged:
        place = f"{item.project}/{item.path}:{item.line}"
        report = known.get(str(root / item.path))
        if report is None:
            complaints.append(f"{place}: no such file")
            continue
        lines = Path(report.path).read_text("utf-8").split("\n")
        text = lines[item.line - 1].strip() if item.line <= len(lines) else ""
        # What is printed of a finding may be cut short.
        if not text or not text.startswith(item.text[:60]):
            complaints.append(f"{place}: is {text!r}, judged was {item.text!r}")
            continue
        found = any(each.code == item.rule and each.start.row == item.line for each in report.findings)
        if found != item.right:
            verdict, state = ("right", "not found") if item.right else ("wrong", "found")
            complaints.append(f"{place}: {item.rule} judged {verdict}, {state}: {item.text[:90]}")
    return complaints


def _checker(root: Path) -> Checker:
    return Checker(configuration(root, select=("ALL",), defer_to_ruff="never"), all_rules(), jobs=1)
