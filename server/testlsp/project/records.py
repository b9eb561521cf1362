"""Findings as plain data, with lines and columns: what is printed, cached and sent between processes.

Lines and columns count from 1, columns in characters, as compilers print them.
"""

from __future__ import annotations

from typing import Any

from testlsp.lint.diagnostic import Diagnostic
from testlsp.text import Edit, LineIndex
from testlsp.text.named import NamedTuple


class Location(NamedTuple):
    """A position; both numbers count from 1."""

    row: int
    column: int


class EditRecord(NamedTuple):
    """A replacement; *path* is None when it belongs to the file of the finding."""

    start: Location
    end: Location
    content: str
    path: str | None = None


class FixRecord(NamedTuple):
    """A fix that a finding offers; *edits* is None until somebody asks for them, and () where there is no faithful
    one.
    """

    title: str
    applicability: str
    preferred: bool
    edits: tuple[EditRecord, ...] | None = None


class RelatedRecord(NamedTuple):
    """Another place that explains a finding; *start* is None for the file as a whole."""

    path: str
    message: str
    start: Location | None = None


class Finding(NamedTuple):
    """A finding in words and numbers."""

    code: str
    name: str
    message: str
    severity: str
    start: Location
    end: Location
    fixes: tuple[FixRecord, ...] = ()
    related: tuple[RelatedRecord, ...] = ()

    @property
    def fix(self) -> FixRecord | None:
        """The fix that is shown and applied first: the preferred one, else the first."""
        return next((fix for fix in self.fixes if fix.preferred), self.fixes[0] if self.fixes else None)


class Note(NamedTuple):
    """Something to say about a file that is no finding: text that does not parse, a rule that failed.

    *kind* is "syntax", "read", "config", "crash" (of a rule) or "fault" (the whole file could not be analysed).
    """

    kind: str
    message: str
    start: Location | None = None


def location(lines: LineIndex, offset: int) -> Location:
    """Return the position of *offset*."""
    row, column = lines.position(offset)
    return Location(row + 1, column + 1)


def finding_record(diagnostic: Diagnostic, lines: LineIndex) -> Finding:
    """Return *diagnostic*, found in the text of *lines*, as data; its fixes without their edits."""
    return Finding(
        diagnostic.code,
        diagnostic.name,
        diagnostic.message,
        diagnostic.severity.value,
        location(lines, diagnostic.range.start),
        location(lines, diagnostic.range.end),
        tuple(FixRecord(fix.title, fix.applicability.name.lower(), fix.preferred) for fix in diagnostic.fixes),
        tuple(
            RelatedRecord(each.path, each.message, location(lines, each.range.start) if each.range else None)
            for each in diagnostic.related
        ),
    )


def edit_record(edit: Edit, lines: LineIndex) -> EditRecord:
    """Return *edit* as data; *lines* are those of the text it belongs to."""
    return EditRecord(location(lines, edit.range.start), location(lines, edit.range.end), edit.text, edit.path)


def finding_from(data: list[Any]) -> Finding:
    """Return the finding that was written as nested lists; raises TypeError or ValueError for anything else."""
    code, name, message, severity, start, end, fixes, related = data
    return Finding(
        code,
        name,
        message,
        severity,
        Location(*start),
        Location(*end),
        tuple(
            FixRecord(
                title,
                applicability,
                preferred,
                None
                if edits is None
                else tuple(
                    EditRecord(Location(*first), Location(*last), content, path) for first, last, content, path in edits
                ),
            )
            for title, applicability, preferred, edits in fixes
        ),
        tuple(RelatedRecord(path, message, Location(*place) if place else None) for path, message, place in related),
    )


def note_from(data: list[Any]) -> Note:
    """Return the note that was written as a list."""
    kind, message, start = data
    return Note(kind, message, Location(*start) if start else None)
