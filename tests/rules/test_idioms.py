"""The idiom is the team's: whatever it is, the fixes of families 1 and 2 follow it, and what they make is good code."""

from __future__ import annotations

import ast

import pytest
from rule_harness import everything, fixed_by_first, lint_example
from testlsp.lint import Bad, Diagnostic, Rule
from testlsp.lint.examples import Example

IDIOMS = ("monkeypatch", "patch.dict", "mocker")
RULES = [rule for rule in everything() if rule.code.startswith(("TL1", "TL2"))]
FOREIGN = {
    "monkeypatch": ("mocker",),
    "patch.dict": ("monkeypatch", "MonkeyPatch", "mocker"),
    "mocker": ("monkeypatch", "MonkeyPatch"),
}
WITHOUT_EQUAL = {
    ("chdir", "patch.dict", "3.10"),  # there is no `contextlib.chdir` yet
    ("chdir", "mocker", "3.10"),
    ("chdir", "mocker", "3.11"),  # the fixture `monkeypatch` where a fixture can be had
}
"""Rule, idiom and version of Python where the nearest thing that works is not the idiom's own."""

CASES = [
    pytest.param(rule, idiom, version, id=f"{rule.name}-{idiom}-{version}")
    for rule in RULES
    for idiom in IDIOMS
    for version in ("3.10", "3.11")
]


def in_idiom(example: Bad, idiom: str, version: str) -> Bad:
    """Return *example* as it is for a project with that idiom."""
    settings = {**example.settings, "idiom": idiom, "target_version": version}
    return Bad(example.code, path=example.path, files=example.files, settings=settings)


def bad_examples(rule: type[Rule]) -> list[Bad]:
    """Return the examples with findings that concern one file; a fix of several is applied as a whole elsewhere."""
    return [example for example in rule.examples if isinstance(example, Bad) and not example.fixed_files]


def fixed_here(found: Diagnostic) -> bool:
    """Whether a fix is offered that concerns one file only."""
    if not found.fixes:
        return False
    made = found.fixes[0].build()
    return not made.further and all(edit.path is None for edit in made.edits)


def added(word: str, before: str, after: str) -> bool:
    """Whether *word* stands in *after* more often than in *before*."""
    return after.count(word) > before.count(word)


@pytest.mark.parametrize(("rule", "idiom", "version"), CASES)
def test_fixes_are_good_code_in_every_idiom(rule: type[Rule], idiom: str, version: str) -> None:
    """Fixed code parses, satisfies the rule and has come to rest, and nothing but the words of the idiom is added."""
    foreign = () if (rule.name, idiom, version) in WITHOUT_EQUAL else FOREIGN[idiom]
    for example in bad_examples(rule):
        case = in_idiom(example, idiom, version)
        text = fixed_by_first(case, (rule,))
        ast.parse(text)
        again = lint_example(case, (rule,), text)
        assert [found.message for found in again.findings.diagnostics if fixed_here(found)] == [], text
        assert [word for word in foreign if added(word, case.code, text)] == [], text


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_what_has_a_fix_has_one_in_every_idiom(rule: type[Rule]) -> None:
    """The canonical case is mended whatever the project prefers; taste alone has nothing to mend in its own idiom."""
    first = bad_examples(rule)[0]
    usual = fixed_by_first(in_idiom(first, "monkeypatch", "3.11"), (rule,))
    if rule.name == "environ-style" or usual == in_idiom(first, "monkeypatch", "3.11").code:
        return
    for idiom in IDIOMS[1:]:
        case = in_idiom(first, idiom, "3.11")
        assert fixed_by_first(case, (rule,)) != case.code, idiom


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_that_follows_the_idiom_says_so(rule: type[Rule]) -> None:
    """The page of a rule names `idiom` among its settings exactly when its fixes differ by it."""
    made = [
        {idiom: fixed_by_first(in_idiom(example, idiom, "3.11"), (rule,)) for idiom in IDIOMS}
        for example in bad_examples(rule)
    ]
    assert any(len(set(texts.values())) > 1 for texts in made) == ("idiom" in rule.options)


def shown(example: Example, rule: type[Rule]) -> str:
    """Return all that a user reads of the findings: messages and titles."""
    found = lint_example(example, (rule,)).findings.diagnostics
    return "\n".join(text for item in found for text in (item.message, *(fix.title for fix in item.fixes)))


@pytest.mark.parametrize(("rule", "idiom", "version"), CASES)
def test_messages_and_titles_follow(rule: type[Rule], idiom: str, version: str) -> None:
    """Nobody is told to use what the project does not use; rules about `monkeypatch` itself must name it."""
    if rule.name in {"monkeypatch-undo", "monkeypatch-instance"} or (rule.name, idiom, version) in WITHOUT_EQUAL:
        return
    for example in bad_examples(rule):
        text = shown(in_idiom(example, idiom, version), rule)
        assert [word for word in FOREIGN[idiom] if word in text] == [], text
