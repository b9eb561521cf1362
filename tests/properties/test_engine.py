"""Properties of the engine as a whole: any text is survived, breaking code invents nothing, incremental equals
fresh.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_harness import ROOT, everything, lint_files, ruleset, settings_of
from testlsp.lint import Applicability, Diagnostic
from testlsp.lint.fixing import accepted, choose_round, edits_of
from testlsp.lint.run import lint_file
from testlsp.semantic import FileRole, SemanticModel
from testlsp.semantic.graph import FixtureGraph
from testlsp.semantic.modules import Root
from testlsp.semantic.summary import summarise
from testlsp.syntax import SourceFile, parse
from testlsp.text import TextRange, apply_edits

EXAMPLES = sorted({example.code for rule in everything() for example in rule.examples if not example.files})
REPOSITORY = Path(__file__).parents[2]
REAL = [path.read_text(encoding="utf-8") for path in sorted((REPOSITORY / "examples").rglob("test_*.py"))]
PATH = f"{ROOT}/tests/test_example.py"
ALL = everything()
PLAIN = settings_of({})


def lint(text: str) -> tuple[SourceFile, list[Diagnostic]]:
    """Return the findings of all rules in a text that stands alone."""
    linted = lint_files({"tests/test_example.py": text}, "tests/test_example.py", ALL, PLAIN)
    assert not linted.findings.crashes
    return linted.source, list(linted.findings.diagnostics)


def seen(source: SourceFile, found: list[Diagnostic]) -> Counter[tuple[str, str, str]]:
    """Return findings in a form that does not depend on where they stand."""
    return Counter((each.code, each.message, source.text[each.range.start : each.range.end]) for each in found)


@settings(max_examples=200, deadline=None)
@given(parts=st.lists(st.sampled_from(EXAMPLES), min_size=1, max_size=3), data=st.data())
def test_any_text_is_survived(parts: list[str], data: st.DataObject) -> None:
    """Examples cut and joined at random raise nothing, and every range lies in the text."""
    text = "\n".join(part[data.draw(st.integers(0, len(part))) :] for part in parts)
    source, found = lint(text)
    for each in found:
        assert 0 <= each.range.start <= each.range.end <= len(source.text)


@settings(max_examples=150, deadline=None)
@given(text=st.sampled_from(REAL), data=st.data())
def test_breaking_one_place_invents_nothing_elsewhere(text: str, data: st.DataObject) -> None:
    """With a slice of a real file deleted, nothing is found outside the broken statement that was not found before."""
    start = data.draw(st.integers(0, len(text) - 1))
    end = min(len(text), start + data.draw(st.integers(1, 60)))
    source, before = lint(text)
    broken, after = lint(text[:start] + text[end:])
    if not broken.problems:
        return
    spoilt = {
        index for index, piece in enumerate(broken.statements) if piece.problem or piece.text not in known_texts(source)
    }
    outside = [each for each in after if broken.index_at(each.range.start) not in spoilt]
    assert not seen(broken, outside) - seen(source, before)


def known_texts(source: SourceFile) -> set[str]:
    """Return the texts of the statements of a file."""
    return {piece.text for piece in source.statements}


@settings(max_examples=80, deadline=None)
@given(text=st.sampled_from([*REAL, *EXAMPLES]), data=st.data())
def test_incremental_findings_equal_fresh_ones(text: str, data: st.DataObject) -> None:
    """After any edits, the findings computed piece by piece are those of a fresh analysis."""
    rules = ruleset(ALL)
    source = parse(PATH, text)
    model = SemanticModel(source, FileRole.TEST_MODULE)
    graph = FixtureGraph({PATH: summarise(source, model)}, (Root(ROOT),))
    lint_file(source, model, graph, PLAIN, rules)
    for _ in range(4):
        start = data.draw(st.integers(0, len(source.text)))
        end = min(len(source.text), start + data.draw(st.sampled_from([0, 0, 1, 7, 30])))
        new = data.draw(
            st.sampled_from(["", "x", "\n", "    ", "#", "(", '"""', "import os\n", "assert x\n", "monkeypatch"])
        )
        source = source.edited(TextRange(start, end), new)
        model = SemanticModel(source, FileRole.TEST_MODULE, previous=model)
        graph = graph.with_summary(PATH, summarise(source, model))
        incremental = lint_file(source, model, graph, PLAIN, rules)
        _, fresh = lint(source.text)
        assert [strip(each) for each in incremental.diagnostics] == [strip(each) for each in fresh]


def strip(found: Diagnostic) -> tuple[object, ...]:
    """Return what of a finding can be compared: fixes by their titles."""
    return (*found[:5], tuple(fix.title for fix in found.fixes), found.related, found.tags, found.ordinal)


@settings(max_examples=150, deadline=None)
@given(text=st.sampled_from([*REAL, *EXAMPLES]), data=st.data())
def test_fixes_together_equal_fixes_one_by_one(text: str, data: st.DataObject) -> None:
    """Applying a set of accepted fixes at once gives the text that applying them one after the other gives."""
    source, found = lint(text)
    fixable = [each for each in found if accepted(each, Applicability.UNSAFE)]
    chosen = {id(each) for each in fixable if data.draw(st.booleans())}
    linted = lint_files({"tests/test_example.py": text}, "tests/test_example.py", ALL, PLAIN)
    keys = {(each.code, each.ordinal) for each in fixable if id(each) in chosen}
    made = choose_round(
        linted.source,
        linted.findings,
        lambda each: accepted(each, Applicability.UNSAFE) if (each.code, each.ordinal) in keys else None,
    )
    together = apply_edits(text, made.edits)
    assert not parse(PATH, together).problems or source.problems
    statements = dict(zip(map(id, linted.findings.diagnostics), linted.findings.statements, strict=True))
    # One fix may mend several findings, which all offer it: the change of a hook mends what is wrong anywhere in it.
    different = {tuple(edits_of(linted.source, statements[id(each)], fix)): each for each, fix in made.applied}
    one_by_one = apply_one_by_one(text, list(different.values()))
    assert together == one_by_one


def apply_one_by_one(text: str, wanted: list[Diagnostic]) -> str:
    """Apply the fixes of *wanted* from the last to the first, so that the places of the others stay where they are."""
    for each in sorted(wanted, key=lambda found: found.range, reverse=True):
        linted = lint_files({"tests/test_example.py": text}, "tests/test_example.py", ALL, PLAIN)
        same = [
            (found, index)
            for found, index in zip(linted.findings.diagnostics, linted.findings.statements, strict=True)
            if found.code == each.code
            and found.message == each.message
            and linted.source.text[found.range.start : found.range.end] == each_text(each, linted.source, found)
        ]
        nearest = min(same, key=lambda item: abs(item[0].range.start - each.range.start), default=None)
        if nearest is None:
            pytest.fail(f"{each.code} is no longer found after another fix: {each.message}")
        fix = accepted(nearest[0], Applicability.UNSAFE)
        assert fix is not None
        text = apply_edits(text, edits_of(linted.source, nearest[1], fix))
    return text


def each_text(_each: Diagnostic, source: SourceFile, found: Diagnostic) -> str:
    """Return the text under a finding."""
    return source.text[found.range.start : found.range.end]
