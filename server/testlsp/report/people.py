"""Findings for people: one line each, or with the source and the fix."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from testlsp.project.records import FixRecord, Location
from testlsp.report.changes import fix_diff
from testlsp.report.entries import Entry
from testlsp.report.frames import drawn, frame
from testlsp.report.styles import PLAIN, Style
from testlsp.text import LineIndex


def concise(entries: Iterable[Entry], style: Style = PLAIN) -> Iterator[str]:
    """Yield a line ``path:row:column: TL101 [*] message`` for each entry."""
    for each in entries:
        row, column = each.finding.start
        path, colon = style.paint(shown_path(each.path), "bold"), style.paint(":", "cyan")
        yield f"{path}{colon}{row}{colon}{column}{colon} {_headline(each, style)}\n"


def full(entries: Iterable[Entry], style: Style = PLAIN) -> Iterator[str]:
    """Yield a block for each entry: the finding, its source underlined, and the fix as a diff."""
    text: str | None = None
    lines = LineIndex("")
    for each in entries:
        if each.text is not None and each.text is not text:
            text, lines = each.text, LineIndex(each.text)
        yield "\n".join(_block(each, lines, style)) + "\n\n"


def _block(each: Entry, lines: LineIndex, style: Style) -> Iterator[str]:
    finding = each.finding
    yield _headline(each, style)
    rows = [finding.end.row, *(edit.end.row for fix in finding.fixes for edit in fix.edits or ())]
    gutter = len(str(max(rows) + 2))
    indent = " " * gutter if each.text is not None else " "
    yield f"{indent}{style.paint('-->', 'blue')} {_place(each.path, finding.start)}"
    if each.text is not None:
        yield from frame(lines, finding.start, finding.end, gutter, style)
    for other in finding.related:
        place = _place(other.path, other.start)
        yield f"{style.paint('see', 'bold')}: {place}: {_one_line(other.message)}"
    fixes = [fix for fix in finding.fixes if fix.edits != ()]
    if not fixes:
        return
    first = each.offered or finding.fix or fixes[0]
    if first.edits == ():
        first = fixes[0]
    yield f"{style.paint('help', 'cyan')}: {_titled(first)}"
    if each.text is not None and first.edits:
        yield from fix_diff(lines, first.edits, gutter, style)
    for fix in fixes:
        if fix is not first:
            yield f"{style.paint('  or', 'cyan')}: {_titled(fix)}"


def _place(path: str, start: Location | None) -> str:
    return f"{shown_path(path)}:{start.row}:{start.column}" if start is not None else shown_path(path)


def _headline(each: Entry, style: Style) -> str:
    star = f" [{style.paint('*', 'cyan')}]" if each.offered is not None else ""
    return f"{style.paint(each.finding.code, 'red')}{star} {_one_line(each.finding.message)}"


def _titled(fix: FixRecord) -> str:
    grade = "" if fix.applicability == "safe" else f" ({fix.applicability})"
    return _one_line(fix.title) + grade


def _one_line(message: str) -> str:
    return drawn(" ".join(message.split()))[0]


def shown_path(path: str) -> str:
    """Return *path* for a terminal: control characters in a file's name are not obeyed."""
    return path if path.isprintable() else drawn(path)[0]
