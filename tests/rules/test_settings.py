"""Settings of rules: each is honoured, shown by an example, and named on the page."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rule_harness import everything, fixed_by_first, lint_example
from testlsp.config.settings import describe
from testlsp.lint import Bad, Rule
from testlsp.lint.examples import Example
from testlsp.report.pages import page

GENERAL = {
    "select",
    "extend-select",
    "ignore",
    "per-file-ignores",
    "fixable",
    "unfixable",
    "severity",
    "exclude",
    "extend-exclude",
    "force-exclude",
    "respect-gitignore",
    "python-files",
    "cache-dir",
    "python",
    "src",
    "defer-to-ruff",
}
"""Settings that are no rule's own; `defer-to-ruff` is that of every rule that names one of ruff's."""

READ_AS = {
    "python_version": {"target-version"},
    "section_headings": {"sections", "headings"},
    "is_integration_path": {"integration-paths"},
}
"""Settings behind the properties of `Settings`."""

NOT_OURS = {"pytest", "root", "reported_by_ruff", "ruff"}

PAIRS = [
    pytest.param(rule, key.replace("_", "-"), id=f"{rule.name}-{key}")
    for rule in everything()
    for key in rule.options
    if key != "target-version"  # shown where it decides most: with the environment of a `TestCase`
]


def told(example: Example, rule: type[Rule]) -> tuple[list[str], str]:
    """Return the messages about *example* and what its fixes make of it."""
    found = lint_example(example, (rule,)).findings.diagnostics
    return [item.message for item in found], fixed_by_first(example, (rule,))


def without(example: Example, key: str) -> Bad:
    """Return *example* without that setting."""
    rest = {name: value for name, value in example.settings.items() if name.replace("_", "-") != key}
    return Bad(example.code, path=example.path, files=example.files, settings=rest)


@pytest.mark.parametrize(("rule", "key"), PAIRS)
def test_a_setting_is_shown_and_honoured(rule: type[Rule], key: str) -> None:
    """An example sets it, and without it the rule would say or make something else."""
    examples = [item for item in rule.examples if key in {name.replace("_", "-") for name in item.settings}]
    assert examples, f"no example of {rule.name} sets {key}"
    assert any(told(item, rule) != told(without(item, key), rule) for item in examples)


def test_every_setting_belongs_to_a_rule() -> None:
    """What is no general setting is named by a rule, so that its page explains it."""
    named = {key.replace("_", "-") for rule in everything() for key in rule.options}
    assert {info.key for info in describe()} - named == GENERAL


@pytest.mark.parametrize("rule", everything(), ids=lambda rule: rule.name)
def test_a_rule_names_the_settings_it_reads(rule: type[Rule]) -> None:
    """Whoever reads the page learns of every setting that the module of the rule asks for."""
    read = {name for name in settings_read(Path(inspect.getfile(rule))) if name not in NOT_OURS}
    keys = {key for name in read for key in READ_AS.get(name, {name.replace("_", "-")})}
    assert keys <= {key.replace("_", "-") for key in rule.options}


def settings_read(path: Path) -> Iterator[str]:
    """Yield what a module takes from ``ctx.settings``."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute) and node.value.attr == "settings":
            yield node.attr


@pytest.mark.parametrize("rule", [rule for rule in everything() if rule.ruff], ids=lambda rule: rule.name)
def test_the_page_tells_how_to_defer_to_ruff(rule: type[Rule]) -> None:
    """Where ruff reports the same, the page names the setting that decides who speaks."""
    assert "`defer-to-ruff`" in page(rule, everything())


def test_modules_are_those_of_the_rules() -> None:
    """The search above reads real files."""
    assert all(Path(sys.modules[rule.__module__].__file__ or "").is_file() for rule in everything())
