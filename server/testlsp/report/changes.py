"""Changes as text: the small diff of one fix, and unified diffs of whole files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from testlsp.project.records import EditRecord
from testlsp.report.frames import drawn
from testlsp.report.styles import Style
from testlsp.text import Edit, LineIndex, TextRange, apply_edits
from testlsp.text.named import NamedTuple

_CONTEXT = 1


class _Hunk(NamedTuple):
    first: int
    last: int
    edits: list[Edit]


def fix_diff(lines: LineIndex, edits: Sequence[EditRecord], gutter: int, style: Style) -> list[str]:
    """Return the lines of a diff that shows what *edits* make of the text of *lines*.

    Line numbers are those of the new text and take *gutter* columns.
    """
    hunks = _hunks(lines, [edit for edit in edits if edit.path is None])
    out: list[str] = []
    moved = 0
    for hunk in hunks:
        if out:
            out.append(" " * gutter + " ...")
        moved += _draw(lines, hunk, moved, gutter, style, out)
    return out


def _hunks(lines: LineIndex, edits: Sequence[EditRecord]) -> list[_Hunk]:
    """Group edits that are close to each other; rows count from 0 and include the context."""
    found: list[_Hunk] = []
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        start = lines.offset(edit.start.row - 1, edit.start.column - 1)
        end = lines.offset(edit.end.row - 1, edit.end.column - 1)
        first, last = lines.line_at(start), lines.line_at(end)
        first, last = max(0, first - _CONTEXT), min(len(lines.starts) - 1, last + _CONTEXT)
        own = Edit(TextRange(start, end), edit.content)
        if found and first <= found[-1].last + 1:
            found[-1].edits.append(own)
            found[-1] = found[-1]._replace(last=max(last, found[-1].last))
        else:
            found.append(_Hunk(first, last, [own]))
    return found


def _draw(lines: LineIndex, hunk: _Hunk, moved: int, gutter: int, style: Style, out: list[str]) -> int:
    """Append the lines of *hunk*; return how many lines it adds to the text. *moved* is the sum of those above it."""
    from difflib import SequenceMatcher

    start = lines.starts[hunk.first]
    end = lines.starts[hunk.last + 1] if hunk.last + 1 < len(lines.starts) else len(lines.text)
    text = lines.text[start:end]
    edits = [edit._replace(range=edit.range.shifted(-start)) for edit in hunk.edits]
    old, new = _split(text), _split(apply_edits(text, edits))
    rows: list[tuple[str, int, str]] = []
    for kind, old_start, old_end, new_start, new_end in SequenceMatcher(None, old, new, False).get_opcodes():
        if kind == "equal":
            rows += [("|", hunk.first + 1 + moved + at, new[at]) for at in range(new_start, new_end)]
            continue
        rows += [("-", 0, line) for line in old[old_start:old_end]]
        rows += [("+", hunk.first + 1 + moved + at, new[at]) for at in range(new_start, new_end)]
    for mark, number, line in _trimmed(rows):
        label = f"{number or '':>{gutter}}"
        shown = drawn(line)[0]
        if mark == "|":
            out.append(f"{style.paint(f'{label} |', 'blue')} {shown}".rstrip())
        else:
            line = style.paint(f"{mark} {shown}".rstrip(), "minus" if mark == "-" else "green")
            out.append(f"{style.paint(label, 'blue')} {line}")
    return len(new) - len(old)


def _trimmed(rows: list[tuple[str, int, str]]) -> list[tuple[str, int, str]]:
    """Return the changed rows with one line of context, no blank one, on either side."""
    changed = [at for at, row in enumerate(rows) if row[0] != "|"]
    if not changed:
        return []
    first, last = max(0, changed[0] - _CONTEXT), min(len(rows) - 1, changed[-1] + _CONTEXT)
    first += rows[first][0] == "|" and not rows[first][2].strip()
    last -= rows[last][0] == "|" and not rows[last][2].strip()
    return rows[first : last + 1]


def _split(text: str) -> list[str]:
    index = LineIndex(text)
    found = [index.line_text(row) for row in range(len(index.starts))]
    return found[:-1] if text.endswith(("\n", "\r")) or not text else found


def unified_diff(path: str, old: str, new: str, style: Style) -> Iterator[str]:
    """Yield the lines, each with its end, of a unified diff that `patch` and `git apply` take."""
    from difflib import unified_diff as compare

    old_lines, new_lines = LineIndex(old), LineIndex(new)
    for line in compare(_with_ends(old_lines), _with_ends(new_lines), path, path):
        body = line.rstrip("\r\n")
        end = line[len(body) :]
        colour = "" if len(line) < 1 else {"+": "green", "-": "minus", "@": "cyan"}.get(line[0], "")
        if line.startswith(("+++ ", "--- ")) and end == "\n" and path in body:
            colour = "bold"
        yield (style.paint(body, colour) if colour else body) + (end or "\n\\ No newline at end of file\n")


def _with_ends(lines: LineIndex) -> list[str]:
    """Return the lines of a text with their ends; only a line feed ends one for those who apply a diff."""
    found = lines.text.split("\n")
    return [line + "\n" for line in found[:-1]] + ([found[-1]] if found[-1] else [])
