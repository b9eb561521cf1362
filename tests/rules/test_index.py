"""The index of the rules, by which a run loads only those it may need."""

from __future__ import annotations

from pathlib import Path

import pytest
import testlsp_rules
from rule_harness import absolute, role_of, settings_of
from testlsp.builtin import all_rules, index_text, rule_index
from testlsp.config.settings import Settings
from testlsp.lint import Bad, Rule
from testlsp.lint.library import RuleLibrary, words_of
from testlsp.lint.signs import FOREIGN, Signs
from testlsp.semantic import SemanticModel
from testlsp.syntax import parse


def test_the_index_is_current() -> None:
    """A rule that was added or whose words changed is in the index, or it would never run."""
    index = Path(next(iter(testlsp_rules.__path__))) / "_index.py"
    assert index.read_text(encoding="utf-8") == index_text(), "run: python -m testlsp.builtin --write"


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)
def test_every_finding_is_in_a_file_with_a_sign_of_its_rule(rule: type[Rule]) -> None:
    """The signs are not narrower than the rule: each example with a finding shows one."""
    signs = words_of(rule)
    for example in rule.examples:
        if isinstance(example, Bad):
            path = absolute(example.path)
            model = SemanticModel(parse(path, example.code), role_of(path))
            assert not signs or any(map(Signs(model, settings_of(example.settings)).show, signs))


def test_rules_load_with_the_first_text_that_needs_them() -> None:
    """A file without a sign of a rule leaves it out, one with a sign brings it in, and it stays."""
    library = RuleLibrary(rule_index())
    codes = frozenset({"TL101", "TL202"})
    assert [rule.code for rule in library.ruleset(codes, "x = 1".__contains__).rules] == []
    assert [rule.code for rule in library.ruleset(codes, "os.environ".__contains__).rules] == ["TL101"]
    assert [rule.code for rule in library.ruleset(codes, "os.chdir".__contains__).rules] == ["TL101", "TL202"]
    assert [rule.code for rule in library.ruleset(codes, "x = 1".__contains__).rules] == ["TL101", "TL202"]
    assert library.ruleset(codes).enabled == codes


@pytest.mark.parametrize(
    ("text", "foreign"),
    [
        ("import os, sys\nfrom typing import Any\nimport pytest\n", False),
        ("import os.path as p; from os import path\n", False),
        ("def test_a():\n    import app\n", True),
        ("from . import app\n", True),
        ("import os, app.settings\n", True),
        ("import os, \\\n    app\n", True),
        ("x = 1; import app\n", True),
    ],
)
def test_a_foreign_import_is_one_that_is_not_of_the_standard_library(text: str, foreign: bool) -> None:
    """Imports anywhere in the file count; pytest itself is at home."""
    assert Signs(SemanticModel(parse("/test_a.py", text)), Settings()).show(FOREIGN) is foreign
