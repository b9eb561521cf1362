"""Regular expressions that are compiled when they are first used."""

from __future__ import annotations

import re
import sys

import pytest
from testlsp.builtin import all_rules
from testlsp.text.patterns import pattern


def test_a_pattern_does_what_a_compiled_expression_does() -> None:
    """Methods, flags and the text are those of the expression."""
    word = pattern("w(or)d", re.IGNORECASE)

    found = word.search("a WORD")

    assert found is not None
    assert (found.group(), found[1], word.pattern) == ("WORD", "OR", "w(or)d")
    assert word.sub("x", "word Word") == "x x"
    assert word.search("none") is None


def test_a_wrong_expression_is_told_when_it_is_used() -> None:
    """Nothing is hidden, it only comes later."""
    wrong = pattern("(")
    with pytest.raises(re.error, match="missing"):
        wrong.search("")


def test_every_expression_of_ours_compiles() -> None:
    """What would have failed at import fails here."""
    all_rules()
    found = {
        f"{name}.{attribute}": value
        for name, module in list(sys.modules.items())
        if name.startswith(("testlsp.", "testlsp_rules."))
        for attribute, value in vars(module).items()
        if type(value).__name__ == "pattern"
    }

    assert len(found) > 40
    for value in found.values():
        value.search("")
