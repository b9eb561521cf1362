"""What was judged of findings in real projects stays as it was judged."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest
from corpus_projects import Pin, all_pins, judgements, pins, replay, reports
from testlsp.builtin import all_rules

CORPUS = os.environ.get("TESTLSP_CORPUS", "")
needs_corpus = pytest.mark.skipif(
    not CORPUS, reason="TESTLSP_CORPUS names no folder; `python bench/fetch_corpus.py FOLDER` makes one"
)


@needs_corpus
@pytest.mark.slow
@pytest.mark.parametrize("pin", all_pins(), ids=lambda pin: pin.folder)
def test_judgements_hold(pin: Pin) -> None:
    """Each finding that was right is still found, and each that was wrong is not."""
    root = Path(CORPUS) / pin.folder
    assert root.is_dir(), "the folder lacks a pinned project"
    assert replay(root, [item for item in judgements() if item.project == pin.folder]) == []


def test_each_finding_is_judged_once() -> None:
    """Nobody judged the same finding twice, or of another mind."""
    judged = Counter(item[:4] for item in judgements())
    assert [place for place, times in judged.items() if times > 1] == []


def test_every_judged_project_is_pinned() -> None:
    """No judgement is passed over because nobody can fetch what it is about."""
    known = {pin.folder for pin in all_pins()}
    assert {item.project for item in judgements()} <= known


@needs_corpus
@pytest.mark.slow
def test_enough_findings_are_judged() -> None:
    """Of each rule that is on by default, twenty findings were read and found right, or all where there are fewer."""
    usual = {rule.code for rule in all_rules() if rule.default}
    right = {item[:4] for item in judgements() if item.right}
    found: Counter[str] = Counter()
    read: Counter[str] = Counter()
    for pin in pins():
        root = Path(CORPUS) / pin.folder
        for path, report in reports(root).items():
            name = Path(path).relative_to(root).as_posix()
            for code, line in {(each.code, each.start.row) for each in report.findings if each.code in usual}:
                found[code] += 1
                read[code] += (code, pin.folder, name, line) in right
    lacking = {code: f"{read[code]} of {number}" for code, number in found.items() if read[code] < min(20, number)}
    assert lacking == {}
