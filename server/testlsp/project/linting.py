"""Findings of one version of a file, statement by statement, so that what did not change is not even copied."""

from __future__ import annotations

from collections.abc import Generator

from testlsp.config.settings import Settings
from testlsp.lint.context import GraphSource
from testlsp.lint.diagnostic import Diagnostic
from testlsp.lint.run import Crash, FileFindings, lint_statement
from testlsp.lint.suppressions import Suppression, apply_suppressions, may_hold
from testlsp.project.rules import Selection
from testlsp.semantic import SemanticModel
from testlsp.syntax import SourceFile, Statement
from testlsp.text.named import NamedTuple
from testlsp.text.steps import finish


class Piece(NamedTuple):
    """The findings of one statement, given by its index; ranges are in offsets of its text.

    As long as nothing changed, *diagnostics* is the same object from version to version.
    """

    at: int
    diagnostics: tuple[Diagnostic, ...]


class FileLint(NamedTuple):
    """The findings of a file, and what comments silence (in offsets of the file).

    *used_graph* says whether they depend on other files.
    """

    pieces: tuple[Piece, ...] = ()
    suppressed: tuple[tuple[Diagnostic, Suppression], ...] = ()
    crashes: tuple[Crash, ...] = ()
    used_graph: bool = False

    def findings(self, source: SourceFile) -> FileFindings:
        """Return the findings as `testlsp.lint.run.lint_file` does: in offsets of the file, sorted and numbered."""
        found = [
            (diagnostic.shifted(source.starts[piece.at]), piece.at)
            for piece in self.pieces
            for diagnostic in piece.diagnostics
        ]
        found.sort(key=lambda item: (item[0].range, item[0].code))
        counts: dict[str, int] = {}
        numbered: list[Diagnostic] = []
        for diagnostic, _ in found:
            ordinal = counts.get(diagnostic.code, 0)
            counts[diagnostic.code] = ordinal + 1
            numbered.append(diagnostic._replace(ordinal=ordinal) if ordinal else diagnostic)
        return FileFindings(tuple(numbered), tuple(index for _, index in found), self.suppressed, self.crashes)


def lint_source(
    source: SourceFile, model: SemanticModel, graph: GraphSource, settings: Settings, selection: Selection
) -> FileLint:
    """Lint every statement whose findings are not known yet, and take out what comments silence."""
    return finish(linting(source, model, graph, settings, selection))


def linting(
    source: SourceFile, model: SemanticModel, graph: GraphSource, settings: Settings, selection: Selection
) -> Generator[None, None, FileLint]:
    """Do what `lint_source` does, and stop after each statement whose findings were not known."""
    rules = selection.rules
    pieces: list[Piece] = []
    crashes: dict[str, Crash] = {}
    used_graph = False
    for index, statement in enumerate(source.statements):
        if not statement.body:
            continue
        before = statement.memo.get("findings")
        found = lint_statement(source, model, graph, settings, rules, statement)
        if statement.memo.get("findings") is not before:
            yield
        used_graph = used_graph or found.used_graph
        if found.crashes:
            crashes.update((crash.code, crash) for crash in found.crashes)
        if found.diagnostics:
            pieces.append(Piece(index, _loud(statement, found.diagnostics, selection)))
    if crashes:
        kept = (Piece(index, tuple(one for one in found if one.code not in crashes)) for index, found in pieces)
        pieces = [piece for piece in kept if piece.diagnostics]
    suppressed: tuple[tuple[Diagnostic, Suppression], ...] = ()
    if any(map(_may_hold, source.statements)):
        pieces, suppressed = _sifted(source, pieces, settings, selection, frozenset(crashes))
    return FileLint(tuple(pieces), suppressed, tuple(crashes.values()), used_graph)


def _may_hold(statement: Statement) -> bool:
    """Whether a comment of *statement* may silence something; looked up once per text."""
    found: bool | None = statement.memo.get("may hold")
    if found is None:
        found = statement.memo["may hold"] = may_hold(statement.text)
    return found


def _loud(statement: Statement, found: tuple[Diagnostic, ...], selection: Selection) -> tuple[Diagnostic, ...]:
    """Return *found* with the severities of the settings."""
    severities = selection.severities
    if not severities:
        return found
    kept = statement.memo.get("severities")
    if kept is not None and kept[0] is found and kept[1] is severities:
        known: tuple[Diagnostic, ...] = kept[2]
        return known
    made = tuple(one._replace(severity=severities.get(one.code, one.severity)) for one in found)
    statement.memo["severities"] = (found, severities, made)
    return made


def _sifted(
    source: SourceFile, pieces: list[Piece], settings: Settings, selection: Selection, broken: frozenset[str]
) -> tuple[list[Piece], tuple[tuple[Diagnostic, Suppression], ...]]:
    starts = source.starts
    found = [(one.shifted(starts[piece.at]), piece.at) for piece in pieces for one in piece.diagnostics]
    kept, suppressed = apply_suppressions(source, found, settings, selection.rules, selection.severities, broken)
    if len(kept) == len(found) and not suppressed:
        return pieces, ()
    left: dict[int, list[Diagnostic]] = {}
    for diagnostic, index in kept:
        left.setdefault(index, []).append(diagnostic.shifted(-starts[index]))
    before = dict(pieces)
    sifted = []
    for index in sorted(left):
        now = tuple(left[index])
        sifted.append(Piece(index, before[index] if now == before.get(index) else now))
    return sifted, tuple(suppressed)
