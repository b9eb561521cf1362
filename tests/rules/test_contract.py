"""What every rule owes its users, whatever it finds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rule_harness import everything, lint_example
from testlsp.config.selectors import FAMILIES
from testlsp.config.settings import setting_names
from testlsp.lint import Applicability, Bad, Good, Rule

CATALOGUE = Path(__file__).with_name("catalogue.txt")
RULES = [pytest.param(rule, id=rule.name) for rule in everything()]


def shown_fixes(rule: type[Rule]) -> set[Applicability]:
    """Return the grades of all fixes that the examples of a rule offer."""
    return {
        fix.applicability
        for example in rule.examples
        if isinstance(example, Bad)
        for found in lint_example(example, (rule,)).findings.diagnostics
        for fix in found.fixes
    }


def test_codes_and_names_are_those_of_the_catalogue() -> None:
    """Each code keeps its name forever; a rule neither appears nor vanishes unnoticed."""
    golden = CATALOGUE.read_text(encoding="utf-8").splitlines()
    assert [f"{rule.code} {rule.name}" for rule in everything()] == golden


def test_codes_and_names_are_unique() -> None:
    """Users may write either, so neither may be ambiguous."""
    codes = [rule.code for rule in everything()]
    names = [rule.name for rule in everything()]
    assert len(set(codes)) == len(codes)
    assert len(set(names)) == len(names)
    assert not set(names) & set(FAMILIES.values())


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_stands_in_the_folder_of_its_family(rule: type[Rule]) -> None:
    """The code says the family, and so does the folder."""
    assert FAMILIES[rule.code[:3]] == rule.family
    assert re.fullmatch(r"TL\d{3}", rule.code)
    assert re.fullmatch(r"\d+\.\d+", rule.since)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_teaches_by_example(rule: type[Rule]) -> None:
    """The first example is bad, there is a good one, and the exceptions say why they are."""
    assert isinstance(rule.examples[0], Bad)
    assert any(isinstance(example, Good) for example in rule.examples)


@pytest.mark.parametrize("rule", RULES)
def test_a_docstring_says_what_is_found(rule: type[Rule]) -> None:
    """The first line is one sentence in the third person, and something follows that says why."""
    first, _, rest = rule.documentation().partition("\n")
    assert first.endswith(".")
    assert re.match(r"[A-Z][a-z]+s\b", first), "begin with a verb: Sets, Asserts, Lets ..."
    assert rest.strip()


@pytest.mark.parametrize("rule", RULES)
def test_messages_begin_alike(rule: type[Rule]) -> None:
    """What is said of a finding begins like a sentence, or with a piece of code, and ends without a full stop."""
    said = {rule.message}
    for example in rule.examples:
        said |= {found.message for found in lint_example(example, (rule,)).findings.diagnostics}
    for message in said:
        assert re.match(r"[A-Z0-9`]|pytest(?: |'s)", message), message
        assert not message.endswith("."), message


@pytest.mark.parametrize("rule", RULES)
def test_nothing_is_left_to_write(rule: type[Rule]) -> None:
    """What `rules/new_rule.py` marks for the writer has been replaced."""
    assert "TODO: " not in rule.documentation() + rule.message
    assert not rule.source.startswith("TODO")


@pytest.mark.parametrize("rule", RULES)
def test_a_claim_has_a_source(rule: type[Rule]) -> None:
    """Where the claim comes from is an address, a citation, or a sentence that says why there is none."""
    assert re.fullmatch(r"https://\S+|(?!TODO)[A-Z\"].{20,}\.", rule.source)


@pytest.mark.parametrize("rule", RULES)
def test_related_rules_can_be_found(rule: type[Rule]) -> None:
    """A related rule is one of ours that exists, or says which tool has it; one to which we defer is among them."""
    codes = {other.code for other in everything()}
    ours = {word for word in rule.related if re.fullmatch(r"TL\d{3}", word)}
    assert ours <= codes - {rule.code}
    assert {f"{code} (ruff)" for code in rule.ruff} <= set(rule.related)
    assert len(set(rule.related)) == len(rule.related)


@pytest.mark.parametrize("rule", RULES)
def test_fix_safety_is_explained_exactly_when_a_fix_can_be_unsafe(rule: type[Rule]) -> None:
    """Who applies an unsafe fix can read what may go wrong; a safe one needs no excuse."""
    unsafe = any(grade < Applicability.SAFE for grade in shown_fixes(rule))
    assert ("Fix safety:" in rule.documentation()) == unsafe


@pytest.mark.parametrize("rule", RULES)
def test_only_safe_fixes_and_unique_repairs_are_preferred(rule: type[Rule]) -> None:
    """An editor's "auto fix" key never applies something that a person has to choose."""
    for example in rule.examples:
        for found in lint_example(example, (rule,)).findings.diagnostics:
            preferred = [fix for fix in found.fixes if fix.preferred]
            assert len(preferred) <= 1
            assert all(fix.applicability > Applicability.MANUAL for fix in preferred)


@pytest.mark.parametrize("rule", RULES)
def test_titles_of_fixes_differ(rule: type[Rule]) -> None:
    """In the list an editor shows, two fixes of one finding can be told apart."""
    for example in rule.examples:
        for found in lint_example(example, (rule,)).findings.diagnostics:
            titles = [fix.title for fix in found.fixes]
            assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("rule", RULES)
def test_options_are_settings(rule: type[Rule]) -> None:
    """A rule's page names settings that exist."""
    assert set(rule.options) <= setting_names() | {name.replace("_", "-") for name in setting_names()}
