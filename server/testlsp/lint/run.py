"""Running a set of rules over statements and files.

A statement's findings depend on its text, the file's name table and shared statements, the settings, and, if a rule
asked for it, the fixture graph. They are kept with the statement under exactly that key, so that after a keystroke one
statement is linted.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import TYPE_CHECKING

from testlsp.lint.context import Context, GraphSource
from testlsp.lint.diagnostic import Diagnostic, Severity
from testlsp.lint.ruleset import CallTable, Handlers, RuleSet
from testlsp.lint.suppressions import Suppression, apply_suppressions
from testlsp.semantic.effects import effects_of
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.text.named import NamedTuple

if TYPE_CHECKING:
    from testlsp.config.settings import Settings
    from testlsp.semantic.model import SemanticModel
    from testlsp.syntax import SourceFile, Statement


class Crash(NamedTuple):
    """A rule that raised: a fault of ours, to be reported once and to be survived."""

    code: str
    path: str
    error: str


class StatementFindings(NamedTuple):
    """What the rules found in one statement; ranges are in offsets of its text."""

    diagnostics: tuple[Diagnostic, ...]
    used_graph: bool
    crashes: tuple[Crash, ...]


class FileFindings(NamedTuple):
    """What the rules found in a file, in document order; ranges are in offsets of the file's text.

    *statements* gives for each finding the index of its statement; *suppressed* are the findings that a comment
    silences.
    """

    diagnostics: tuple[Diagnostic, ...]
    statements: tuple[int, ...]
    suppressed: tuple[tuple[Diagnostic, Suppression], ...]
    crashes: tuple[Crash, ...]


def lint_statement(
    source: SourceFile,
    model: SemanticModel,
    graph: GraphSource,
    settings: Settings,
    rules: RuleSet,
    statement: Statement,
) -> StatementFindings:
    """Return the findings of one statement, those of the last time if nothing they depend on has changed."""
    kept = statement.memo.get("findings")
    if kept is not None:
        names, shared, path, kept_settings, kept_rules, kept_graph, findings = kept
        if (
            names is model.names
            and shared is model.shared
            and path == source.path
            and kept_rules is rules
            and kept_settings is settings
            and (kept_graph is graph or not findings.used_graph)
        ):
            result: StatementFindings = findings
            return result
    context = Context(source, model, graph, settings, statement)
    crashes: list[Crash] = []
    for function in model.functions_of(statement):
        _lint_function(context, function, rules, crashes)
    diagnostics = context.diagnostics
    if crashes:
        broken = {crash.code for crash in crashes}
        diagnostics = [diagnostic for diagnostic in diagnostics if diagnostic.code not in broken]
    if statement.problem is not None:
        # Where it does not parse, something else stands in for it, and an edit might take away what somebody writes.
        diagnostics = [diagnostic._replace(fixes=()) for diagnostic in diagnostics]
    found = StatementFindings(tuple(diagnostics), context.used_graph, tuple(crashes))
    statement.memo["findings"] = (model.names, model.shared, source.path, settings, rules, graph, found)
    return found


def _lint_function(context: Context, function: Function, rules: RuleSet, crashes: list[Crash]) -> None:
    handlers = rules.handlers.get(function.kind)
    if handlers is not None:
        context.function = function
        _dispatch(context, function, handlers, crashes)
    elif FunctionKind.NESTED not in rules.handlers:
        return
    for nested in function.nested:
        _lint_function(context, nested, rules, crashes)


def _dispatch(context: Context, function: Function, handlers: Handlers, crashes: list[Crash]) -> None:
    for rule, call in handlers.functions:
        context.rule = rule
        try:
            call(context, function)
        except Exception as error:
            _crashed(context, crashes, error)
    wanted = handlers.nodes
    for node_type, nodes in function.bag.items():
        if node_type not in wanted:
            continue
        for rule, call in wanted[node_type]:
            context.rule = rule
            try:
                for node in nodes:
                    call(context, node)
            except Exception as error:
                _crashed(context, crashes, error)
    if handlers.calls and ast.Call in function.bag:
        _dispatch_calls(context, function, handlers.calls, crashes)
    if handlers.effects:
        for effect in effects_of(function, context.model):
            for rule, call in handlers.effects.get(effect.kind, ()):
                context.rule = rule
                try:
                    call(context, effect)
                except Exception as error:
                    _crashed(context, crashes, error)


def _dispatch_calls(context: Context, function: Function, wanted: CallTable, crashes: list[Crash]) -> None:
    for node in function.bag[ast.Call]:
        assert isinstance(node, ast.Call)
        func = node.func
        if isinstance(func, ast.Attribute):
            calls = wanted.get(func.attr)
        elif isinstance(func, ast.Name):
            calls = wanted.get(func.id) or wanted.get(_bound_to(func.id, function, context.model))
        else:
            continue
        for rule, call in calls or ():
            context.rule = rule
            try:
                call(context, node)
            except Exception as error:
                _crashed(context, crashes, error)


def _bound_to(name: str, function: Function, model: SemanticModel) -> str:
    """Return the last part of what *name* was imported as or bound to, empty when that is not known."""
    binding = model.binding(name, function)
    return (binding.target or "").rpartition(".")[2] if binding is not None else ""


def _crashed(context: Context, crashes: list[Crash], error: Exception) -> None:
    import logging

    logging.getLogger("testlsp").debug("%s raised in %s", context.rule.code, context.path, exc_info=error)
    crashes.append(Crash(context.rule.code, context.path, told_error(error)))


def told_error(error: Exception) -> str:
    """Return in one line what was raised, and in which file and line of ours."""
    where = ""
    trace = error.__traceback__
    while trace is not None:
        where = f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__}: {error} ({where})"


def lint_file(
    source: SourceFile,
    model: SemanticModel,
    graph: GraphSource,
    settings: Settings,
    rules: RuleSet,
    severities: Mapping[str, Severity] | None = None,
) -> FileFindings:
    """Return the findings of a file after suppressions; *severities* replaces those of rules, by code."""
    found: list[tuple[Diagnostic, int]] = []
    crashes: list[Crash] = []
    for index, (start, statement) in enumerate(zip(source.starts, source.statements, strict=True)):
        if not statement.body:
            continue
        findings = lint_statement(source, model, graph, settings, rules, statement)
        crashes += findings.crashes
        for diagnostic in findings.diagnostics:
            if severities and diagnostic.code in severities:
                diagnostic = diagnostic._replace(severity=severities[diagnostic.code])
            found.append((diagnostic.shifted(start), index))
    broken = {crash.code for crash in crashes}
    if crashes:
        found = [item for item in found if item[0].code not in broken]
    # Without the graph any rule may have kept silent for want of knowledge.
    kept, suppressed = apply_suppressions(
        source, found, settings, rules, severities or {}, None if graph is None else broken
    )
    kept.sort(key=lambda item: (item[0].range, item[0].code))
    return FileFindings(
        tuple(_numbered(kept)), tuple(index for _, index in kept), tuple(suppressed), tuple(_once(crashes))
    )


def _numbered(found: list[tuple[Diagnostic, int]]) -> list[Diagnostic]:
    counts: dict[str, int] = {}
    numbered = []
    for diagnostic, _ in found:
        ordinal = counts.get(diagnostic.code, 0)
        counts[diagnostic.code] = ordinal + 1
        numbered.append(diagnostic._replace(ordinal=ordinal) if ordinal else diagnostic)
    return numbered


def _once(crashes: list[Crash]) -> list[Crash]:
    return list({crash.code: crash for crash in crashes}.values())
