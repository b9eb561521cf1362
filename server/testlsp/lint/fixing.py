"""Applying fixes.

A round applies, in document order, every accepted fix that does not overlap one already taken; identical edits count
once, since two fixes may add the same parameter or import. Rounds repeat until nothing changes. A fix with edits in
several files is never taken without asking: it applies as a whole, in an editor that shows all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import TYPE_CHECKING

from testlsp.lint.diagnostic import Applicability, Diagnostic, Fix
from testlsp.lint.run import FileFindings
from testlsp.text import Edit, apply_edits
from testlsp.text.named import NamedTuple
from testlsp.text.steps import finish

if TYPE_CHECKING:
    from testlsp.syntax import SourceFile

MAX_ROUNDS = 10


class Applied(NamedTuple):
    """A fix that was applied: the finding, and which of its fixes."""

    diagnostic: Diagnostic
    fix: Fix


class Round(NamedTuple):
    """The edits of one round, and what they mend."""

    edits: list[Edit]
    applied: list[Applied]


def edits_of(
    source: SourceFile,
    statement_index: int,
    fix: Fix,
    read: Callable[[str], SourceFile | None] | None = None,
) -> list[Edit]:
    """Build *fix* for a finding in the statement at *statement_index*; the edits are in offsets of the file's text.

    *read* gives other files as they are now, None for one that cannot be had; without it a fix that reaches there is
    refused.
    Raises `testlsp.rewrite.CannotRewrite` when there is no faithful rewrite.
    """
    from testlsp.rewrite import CannotRewrite, ensure_import

    rewrite = fix.build()
    start = source.starts[statement_index]
    # Imports first: where the statement follows the imports at once, both are put at the same place.
    edits = [edit for line in rewrite.imports for edit in ensure_import(source, line)]
    edits += [Edit(edit.range.shifted(start), edit.text) for edit in rewrite.edits]
    for path, change in rewrite.further:
        file = source if path == source.path else read(path) if read is not None else None
        if file is None:
            raise CannotRewrite(f"{path} is not at hand")
        own = None if file is source else path
        edits += [edit._replace(path=own) for edit in change(file)]
    return edits + list(rewrite.elsewhere)


def accepted(diagnostic: Diagnostic, threshold: Applicability) -> Fix | None:
    """Return the fix that is applied without asking: the first one that is trusted enough."""
    for fix in diagnostic.fixes:
        if fix.applicability >= threshold:
            return fix
    return None


def choose_round(source: SourceFile, findings: FileFindings, choose: Callable[[Diagnostic], Fix | None]) -> Round:
    """Return the edits of all fixes that *choose* names and that can be applied together."""
    return finish(choosing_round(source, findings, choose))


def choosing_round(
    source: SourceFile, findings: FileFindings, choose: Callable[[Diagnostic], Fix | None]
) -> Generator[None, None, Round]:
    """Do what `choose_round` does, and stop after each fix."""
    from testlsp.rewrite import CannotRewrite

    edits: list[Edit] = []
    applied: list[Applied] = []
    groups: set[str] = set()
    for diagnostic, index in zip(findings.diagnostics, findings.statements, strict=True):
        fix = choose(diagnostic)
        if fix is None or (fix.group is not None and fix.group in groups):
            continue
        yield
        try:
            wanted = edits_of(source, index, fix)
        except CannotRewrite:
            continue
        if any(edit.path is not None for edit in wanted):
            continue  # reaches into another file: for an editor, which shows it to a person
        if not wanted or _conflict(wanted, edits):
            continue
        edits += [edit for edit in wanted if edit not in edits]
        if fix.group is not None:
            groups.add(fix.group)
        applied.append(Applied(diagnostic, fix))
    return Round(edits, applied)


def _conflict(wanted: Iterable[Edit], taken: list[Edit]) -> bool:
    """Whether an edit overlaps one already taken; two different insertions at one place conflict as well."""
    for edit in wanted:
        for other in taken:
            if edit == other:
                continue
            if edit.range.overlaps(other.range) or edit.range.start == other.range.start:
                return True
            if (
                (edit.range.start == edit.range.end or other.range.start == other.range.end)
                and edit.range.touches(other.range)
                and not _apart(edit, other)
            ):
                return True
    return False


def _apart(edit: Edit, other: Edit) -> bool:
    """Whether an insertion only meets the end of a replacement that ends a line, which is harmless."""
    first, second = sorted((edit, other), key=lambda each: each.range)
    return first.range.end == second.range.start and (not first.text or first.text.endswith("\n"))


class FixedText(NamedTuple):
    """What fixing made of a file."""

    text: str
    applied: list[Applied]
    broken: Applied | None
    """A fix whose result did not parse: a fault of ours. Its round was discarded."""


def fix_text(
    source: SourceFile,
    lint: Callable[[str], tuple[SourceFile, FileFindings]],
    choose: Callable[[Diagnostic], Fix | None],
) -> FixedText:
    """Fix *source* until nothing changes, at most `MAX_ROUNDS` times; *lint* analyses a text of the file anew."""

    def linting(text: str) -> Generator[None, None, tuple[SourceFile, FileFindings]]:
        yield
        return lint(text)

    return finish(fixing_text(source, linting, choose))


def fixing_text(
    source: SourceFile,
    linting: Callable[[str], Generator[None, None, tuple[SourceFile, FileFindings]]],
    choose: Callable[[Diagnostic], Fix | None],
) -> Generator[None, None, FixedText]:
    """Do what `fix_text` does, and stop after each part of the work."""
    from testlsp.syntax import parsing

    text = source.text
    applied: list[Applied] = []
    broken_before = len(source.problems)
    refused: set[tuple[str, int]] = set()
    culprit: Applied | None = None
    for _ in range(MAX_ROUNDS):
        current, findings = yield from linting(text)
        made = yield from choosing_round(
            current,
            findings,
            lambda finding: None if (finding.code, finding.range.start) in refused else choose(finding),
        )
        if not made.applied:
            break
        new = apply_edits(text, made.edits)
        after = yield from parsing(current.path, new, known=current.statements)
        if len(after.problems) > broken_before:
            culprit = _culprit(current, findings, made, broken_before)
            refused.update((item.diagnostic.code, item.diagnostic.range.start) for item in made.applied)
            continue
        applied += made.applied
        text = new
    return FixedText(text, applied, culprit)


def _culprit(source: SourceFile, findings: FileFindings, made: Round, broken_before: int) -> Applied:
    indexes = dict(zip(findings.diagnostics, findings.statements, strict=True))
    for item in made.applied:
        edits = [edit for edit in edits_of(source, indexes[item.diagnostic], item.fix) if edit.path is None]
        if len(source.edited_text(apply_edits(source.text, edits)).problems) > broken_before:
            return item
    return made.applied[0]
