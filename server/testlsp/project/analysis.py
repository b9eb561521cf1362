"""The analysis of one file, from its text to its findings."""

from __future__ import annotations

from testlsp.config.settings import Settings
from testlsp.lint.diagnostic import Diagnostic
from testlsp.lint.fixing import edits_of
from testlsp.lint.run import FileFindings, lint_file
from testlsp.project.records import EditRecord, Finding, FixRecord, Note, edit_record, finding_record, location
from testlsp.project.rules import Selection, Selector
from testlsp.project.summaries import Summaries, model_of, role_of
from testlsp.semantic import SemanticModel
from testlsp.semantic.graph import FixtureGraph
from testlsp.semantic.summary import FileSummary, summarise
from testlsp.syntax import SourceFile, SyntaxProblem, parse
from testlsp.syntax.recovery import PYTHON
from testlsp.text import LineIndex
from testlsp.text.named import NamedTuple


class Analysis(NamedTuple):
    """Everything known about one version of a file."""

    source: SourceFile
    model: SemanticModel
    summary: FileSummary
    findings: FileFindings
    used_graph: bool
    """Whether the findings depend on the files that `Summaries.dependencies` names."""
    used_users: bool
    """Whether they depend on who else, in any file, uses a fixture."""


def analyse(
    path: str,
    text: str,
    settings: Settings,
    selection: Selection,
    summaries: Summaries,
    explicit: bool = False,
    whole_project: bool = False,
) -> Analysis:
    """Analyse *text* of *path*. With *whole_project*, *summaries* already hold every file there is."""
    parsed = summaries.parsed(path, text)
    if parsed is None or explicit:
        return analyse_source(parse(path, text), settings, selection, summaries, explicit, whole_project)
    return _judged(parsed.source, parsed.model, parsed.summary, settings, selection, summaries, whole_project)


def analyse_source(
    source: SourceFile,
    settings: Settings,
    selection: Selection,
    summaries: Summaries,
    explicit: bool = False,
    whole_project: bool = False,
) -> Analysis:
    """Analyse a file that is parsed already; see `analyse`."""
    model = model_of(source, settings, role_of(source.path, settings, explicit))
    return _judged(source, model, summarise(source, model), settings, selection, summaries, whole_project)


def _judged(
    source: SourceFile,
    model: SemanticModel,
    summary: FileSummary,
    settings: Settings,
    selection: Selection,
    summaries: Summaries,
    whole_project: bool,
) -> Analysis:
    path = source.path
    made: list[FixtureGraph] = []

    def graph() -> FixtureGraph:
        if not made:
            made.append(summaries.graph_for(path, summary) if whole_project else summaries.graph_with(path, summary))
        return made[0]

    rules = selection.rules_for(model, settings)
    findings = lint_file(source, model, graph, settings, rules, selection.severities)
    return Analysis(source, model, summary, findings, bool(made), bool(made) and made[0].was_asked_for_users)


def notes_of(analysis: Analysis, lines: LineIndex) -> tuple[Note, ...]:
    """Return what is to be said about the file besides its findings."""
    problems = analysis.source.problems
    newer = any(map(_may_be_newer, problems)) and _parses_elsewhere(analysis.source.text)
    notes = [Note("syntax", _syntax_message(problem, newer), location(lines, problem.offset)) for problem in problems]
    notes += [
        Note("crash", f"rule {crash.code} failed here, which is a fault in testlsp: {crash.error}")
        for crash in analysis.findings.crashes
    ]
    return tuple(notes)


def _syntax_message(problem: SyntaxProblem, newer: bool) -> str:
    if newer and _may_be_newer(problem):
        return f"needs a newer Python than {PYTHON}, which testlsp runs on, to be analysed: {problem.message}"
    return f"does not parse: {problem.message}"


def _may_be_newer(problem: SyntaxProblem) -> bool:
    return "NUL byte" not in problem.message and "nested too deeply" not in problem.message


def _parses_elsewhere(text: str) -> bool:
    """Whether the text is sound for a newer grammar than that of the running interpreter."""
    from testlsp.rewrite.grammar import parses_in_any_version

    return len(text) < 400_000 and parses_in_any_version(text)


def records_of(analysis: Analysis, lines: LineIndex) -> tuple[Finding, ...]:
    """Return the findings as data, their fixes without edits."""
    return tuple(finding_record(diagnostic, lines) for diagnostic in analysis.findings.diagnostics)


def with_edits(
    finding: Finding, diagnostic: Diagnostic, statement: int, analysis: Analysis, lines: LineIndex
) -> Finding:
    """Return *finding* with the edits of its fixes; a fix without a faithful rewrite is left out."""
    from testlsp.rewrite import CannotRewrite

    fixes: list[FixRecord] = []
    for record, fix in zip(finding.fixes, diagnostic.fixes, strict=True):
        try:
            edits = edits_of(analysis.source, statement, fix)
        except CannotRewrite:
            continue
        own = tuple(
            edit_record(edit, lines) for edit in sorted(edits, key=lambda edit: edit.range) if edit.path is None
        )
        fixes.append(record._replace(edits=own))
    return finding._replace(fixes=tuple(fixes))


__all__ = ["Analysis", "EditRecord", "Selector", "analyse", "analyse_source", "notes_of", "records_of", "with_edits"]
