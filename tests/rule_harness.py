"""Runs rules over examples: small projects held in memory."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from testlsp.builtin import all_rules
from testlsp.config.settings import Settings
from testlsp.lint import Diagnostic, Fix, Rule, RuleSet
from testlsp.lint.examples import Example
from testlsp.lint.fixing import choose_round, edits_of
from testlsp.lint.library import key_of
from testlsp.lint.run import FileFindings, lint_file
from testlsp.lint.suppressions import SuppressionRule
from testlsp.semantic import FileRole, SemanticModel
from testlsp.semantic.graph import FixtureGraph
from testlsp.semantic.modules import Root
from testlsp.semantic.summary import summarise
from testlsp.syntax import SourceFile, parse
from testlsp.text import Edit, apply_edits

ROOT = "/project"


def absolute(path: str) -> str:
    """Return the path of an example's file."""
    return posixpath.join(ROOT, path)


def role_of(path: str) -> FileRole:
    """Return what pytest does with a file of that name, by its default settings."""
    name = posixpath.basename(path)
    if name == "conftest.py":
        return FileRole.CONFTEST
    return FileRole.TEST_MODULE if name.startswith("test_") or name.endswith("_test.py") else FileRole.OTHER


@cache
def ruleset(rules: tuple[type[Rule], ...]) -> RuleSet:
    """Return the set of *rules*, made once."""
    return RuleSet(rules, tuple(key_of(rule) for rule in all_rules()))


def settings_of(values: Mapping[str, Any]) -> Settings:
    """Return settings with *values* (field names, or keys as users write them)."""
    import json

    from testlsp.config.load import merge, read_testlsp_toml

    if not values:
        return Settings(root=ROOT)
    text = "\n".join(f"{key.replace('_', '-')} = {json.dumps(value)}" for key, value in values.items())
    layer, problems = read_testlsp_toml(f"{ROOT}/testlsp.toml", text)
    assert layer is not None
    assert not problems, problems
    return merge([layer])._replace(root=ROOT)


class Linted(NamedTuple):
    """The main file of an example and its findings."""

    source: SourceFile
    findings: FileFindings


def lint_files(files: Mapping[str, str], path: str, rules: tuple[type[Rule], ...], settings: Settings) -> Linted:
    """Lint *path*, one of *files*, in a project made of all of them."""
    sources = {absolute(name): parse(absolute(name), text) for name, text in files.items()}
    models = {name: SemanticModel(source, role_of(name)) for name, source in sources.items()}
    summaries = {name: summarise(model.source, model) for name, model in models.items()}
    graph = FixtureGraph(summaries, roots=(Root(ROOT),))
    main = absolute(path)
    return Linted(sources[main], lint_file(sources[main], models[main], graph, settings, ruleset(rules)))


def lint_example(example: Example, rules: tuple[type[Rule], ...], code: str | None = None) -> Linted:
    """Lint the main file of *example*, with *code* instead of its own text if given."""
    files = {**example.files, example.path: example.code if code is None else code}
    settings = settings_of(example.settings)
    if any(issubclass(rule, SuppressionRule) for rule in rules) and len(rules) == 1:
        # A comment can only be judged when the rules it names run as well.
        return _only(lint_files(files, example.path, everything(), settings), rules[0].code)
    return lint_files(files, example.path, rules, settings)


def _only(linted: Linted, code: str) -> Linted:
    """Return *linted* with the findings of one rule."""
    findings = linted.findings
    pairs = [pair for pair in zip(findings.diagnostics, findings.statements, strict=True) if pair[0].code == code]
    kept = findings._replace(
        diagnostics=tuple(found for found, _ in pairs), statements=tuple(index for _, index in pairs)
    )
    return Linted(linted.source, kept)


def fixed_by_first(example: Example, rules: tuple[type[Rule], ...]) -> str:
    """Apply the first fix of each finding, round after round, and return the text."""
    text = example.code
    for _ in range(10):
        linted = lint_example(example, rules, text)
        made = choose_round(linted.source, linted.findings, lambda found: found.fixes[0] if found.fixes else None)
        if not made.applied:
            return text
        text = apply_edits(text, made.edits)
    raise AssertionError("the fixes do not come to rest")


def fixed_by(linted: Linted, diagnostic: Diagnostic, fix: Fix, files: Mapping[str, str] | None = None) -> str:
    """Return the text after one fix; what it does to other *files* is left out."""
    return all_fixed_by(linted, diagnostic, fix, files or {})[linted.source.path]


def all_fixed_by(linted: Linted, diagnostic: Diagnostic, fix: Fix, files: Mapping[str, str]) -> dict[str, str]:
    """Return the texts of the main file and of *files* after one fix, by absolute path."""
    texts = {**{absolute(name): text for name, text in files.items()}, linted.source.path: linted.source.text}
    index = linted.findings.statements[linted.findings.diagnostics.index(diagnostic)]
    edits = edits_of(linted.source, index, fix, lambda path: parse(path, texts[path]) if path in texts else None)
    by_path: dict[str, list[Edit]] = {}
    for edit in edits:
        by_path.setdefault(edit.path or linted.source.path, []).append(edit._replace(path=None))
    return {path: apply_edits(text, by_path.get(path, [])) for path, text in texts.items()}


def everything() -> tuple[type[Rule], ...]:
    """Return all rules there are."""
    return all_rules()
