"""Writing and removing the comments that silence findings: what an editor offers."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from testlsp.lint.diagnostic import Diagnostic
from testlsp.lint.suppressions import Suppression, suppressions
from testlsp.text import Edit, TextRange

if TYPE_CHECKING:
    from testlsp.syntax import SourceFile

_BLANKS = " \t\f"


def silence_here(source: SourceFile, diagnostics: Iterable[Diagnostic], reason: str = "") -> list[Edit]:
    """Return the edits that silence *diagnostics* where they stand, one comment a line; offsets count in the file.

    A list that is there already gets the names, and keeps its own reason. The comment goes behind the first line of
    the finding that can hold one, and on a line of its own above it where none can (inside a string, before a
    backslash).
    """
    rules: dict[int, list[str]] = {}
    for diagnostic in diagnostics:
        names = rules.setdefault(_line_for(source, diagnostic.range), [])
        if diagnostic.name not in names:
            names.append(diagnostic.name)
    known = suppressions(source)
    edits: list[Edit] = []
    for line, names in sorted(rules.items()):
        end = _line_end(source.text, line)
        existing = [
            comment
            for comment in known
            if comment.kind == "ignore" and comment.selectors and line <= comment.range.start <= end
        ]
        if existing:
            edits.append(_appended(source.text, existing[0], names))
        elif _can_hold_comment(source, end):
            stripped = len(source.text[line:end].rstrip(_BLANKS))
            edits.append(
                Edit(TextRange(line + stripped, end), f"  # testlsp: ignore[{', '.join(names)}]{_because(reason)}")
            )
        else:
            indentation = source.text[line:end][: end - line - len(source.text[line:end].lstrip(_BLANKS))]
            comment = f"{indentation}# testlsp: ignore[{', '.join(names)}]{_because(reason)}{_newline(source.text)}"
            edits.append(Edit(TextRange(line, line), comment))
    return edits


def silence_in_file(source: SourceFile, names: Collection[str], reason: str = "") -> list[Edit]:
    """Return the edits that silence the rules *names* in the whole file, with a comment at its top."""
    for comment in suppressions(source):
        if comment.kind == "ignore-file" and comment.selectors:
            return [_appended(source.text, comment, names)]
    text = source.text
    position = 0
    for _ in range(2):
        line = text[position : _line_end(text, position)]
        if not line.startswith("#!") and not (line.startswith("#") and "coding" in line):
            break
        position = min(_line_end(text, position) + len(_newline(text)), len(text))
    newline = _newline(text)
    return [
        Edit(TextRange(position, position), f"# testlsp: ignore-file[{', '.join(names)}]{_because(reason)}{newline}")
    ]


def without_comment(source: SourceFile, comment: Suppression) -> list[Edit]:
    """Return the edits that remove *comment* and the blanks before it, with its line when nothing else stands there."""
    text = source.text
    start, end = comment.range
    begin, stop = _line_start(text, start), _line_end(text, start)
    rest = text[end:stop].lstrip(_BLANKS)
    before = text[begin:start].rstrip(_BLANKS)
    if rest.startswith("#"):
        return [Edit(TextRange(start, stop - len(rest)), "")]
    if before:
        return [Edit(TextRange(begin + len(before), stop), "")]
    behind = stop + len(_newline_at(text, stop))
    return [Edit(TextRange(begin, behind), "")]


def without_names(comment: Suppression, gone: Collection[str]) -> list[Edit]:
    """Return the edit that takes the names *gone* out of the list of *comment*, of which at least one must stay."""
    place = TextRange(comment.parts[0].range.start, comment.parts[-1].range.end)
    return [Edit(place, ", ".join(name for name in comment.selectors if name not in gone))]


def _appended(text: str, comment: Suppression, names: Iterable[str]) -> Edit:
    behind = comment.parts[-1].range.end
    new = [name for name in names if name not in comment.selectors]
    return Edit(TextRange(behind, behind), "".join(f", {name}" for name in new))


def _because(reason: str) -> str:
    return f" -- {' '.join(reason.split())}" if reason.strip() else ""


def _line_for(source: SourceFile, finding: TextRange) -> int:
    """Return where the line begins that a comment is put on: the first of the finding, or its last if only that can."""
    first = _line_start(source.text, finding.start)
    if _can_hold_comment(source, _line_end(source.text, finding.start)):
        return first
    last = _line_start(source.text, max(finding.start, finding.end - 1))
    return last if last != first and _can_hold_comment(source, _line_end(source.text, last)) else first


def _can_hold_comment(source: SourceFile, end: int) -> bool:
    """Whether a comment can begin at *end*, the end of a line: not behind a backslash, not inside a string."""
    if source.text[:end].endswith("\\"):
        return False
    index = source.index_at(max(0, end - 1))
    local = end - source.starts[index]
    text = source.statements[index].text
    if '"""' not in text and "'''" not in text:
        return True
    from testlsp.syntax.comments import strings

    return not any(start < local < stop for start, stop in strings(text))


def _line_start(text: str, offset: int) -> int:
    return max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1


def _line_end(text: str, offset: int) -> int:
    ends = [place for mark in "\r\n" if (place := text.find(mark, offset)) >= 0]
    return min(ends, default=len(text))


def _newline_at(text: str, offset: int) -> str:
    return "\r\n" if text.startswith("\r\n", offset) else text[offset : offset + 1]


def _newline(text: str) -> str:
    from testlsp.rewrite import newline_of

    return newline_of(text)
