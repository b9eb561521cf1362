"""The index of the rules, by which a run loads only those it may need."""

from __future__ import annotations

from pathlib import Path

import pytest
import testlsp_rules
from testlsp.builtin import all_rules, index_text, rule_index
from testlsp.lint import Bad, Rule
from testlsp.lint.library import RuleLibrary, words_of


def test_the_index_is_current() -> None:
    """A rule that was added or whose words changed is in the index, or it would never run."""
    index = Path(next(iter(testlsp_rules.__path__))) / "_index.py"
    assert index.read_text(encoding="utf-8") == index_text(), "run: python -m testlsp.builtin --write"


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)
def test_every_finding_is_in_a_text_with_a_word_of_its_rule(rule: type[Rule]) -> None:
    """The words are not narrower than the rule: each example with a finding holds one."""
    words = words_of(rule)
    for example in rule.examples:
        if isinstance(example, Bad):
            assert not words or any(word in example.code for word in words)


def test_rules_load_with_the_first_text_that_needs_them() -> None:
    """A text without a word of a rule leaves it out, one with a word brings it in, and it stays."""
    library = RuleLibrary(rule_index())
    codes = frozenset({"TL101", "TL202"})
    assert [rule.code for rule in library.ruleset(codes, "x = 1").rules] == []
    assert [rule.code for rule in library.ruleset(codes, "os.environ").rules] == ["TL101"]
    assert [rule.code for rule in library.ruleset(codes, "os.chdir").rules] == ["TL101", "TL202"]
    assert [rule.code for rule in library.ruleset(codes, "x = 1").rules] == ["TL101", "TL202"]
    assert library.ruleset(codes).enabled == codes
