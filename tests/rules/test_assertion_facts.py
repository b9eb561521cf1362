"""Findings about assertions follow what other statements and files say."""

from __future__ import annotations

from rule_harness import ROOT, ruleset, settings_of
from testlsp.lint.run import lint_file
from testlsp.semantic import SemanticModel
from testlsp.semantic.graph import FixtureGraph
from testlsp.semantic.modules import Root
from testlsp.semantic.summary import summarise
from testlsp.syntax import SourceFile, parse
from testlsp_rules.assertions.no_assertion import NoAssertion

PATH = f"{ROOT}/tests/test_example.py"
CODE = """\
from app import Cart


def look_at(cart):
    assert cart.counted


def test_total():
    cart = Cart()
    look_at(cart)
    total = cart.total()
"""


def found_in(source: SourceFile, model: SemanticModel) -> list[str]:
    """Return the messages of the rule for a file that is alone in its project."""
    graph = FixtureGraph([summarise(source, model)], roots=(Root(ROOT),))
    findings = lint_file(source, model, graph, settings_of({}), ruleset((NoAssertion,)))
    return [diagnostic.message for diagnostic in findings.diagnostics]


def test_a_finding_follows_the_helper_in_another_statement() -> None:
    """When a helper loses its assertion, the test that relied on it is found, although its own text is the same."""
    source = parse(PATH, CODE)
    model = SemanticModel(source)
    assert found_in(source, model) == []
    edited = source.edited_text(CODE.replace("assert cart.counted", "print(cart.counted)"))
    assert edited.statements[-1] is source.statements[-1]
    [message] = found_in(edited, SemanticModel(edited, previous=model))
    assert message.startswith("`total` is never checked")
    restored = edited.edited_text(CODE)
    assert found_in(restored, SemanticModel(restored)) == []
