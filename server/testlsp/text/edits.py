"""Edits: what to put where, and how several of them are applied at once."""

from __future__ import annotations

from collections.abc import Iterable

from testlsp.text.named import NamedTuple
from testlsp.text.ranges import TextRange


class Edit(NamedTuple):
    """Replace the characters of *range* by *text*; *path* is set when the edit belongs to another file than the
    finding.
    """

    range: TextRange
    text: str
    path: str | None = None


class OverlappingEdits(ValueError):
    """Two different edits want the same characters, so neither order of applying them is right."""


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Return *text* with *edits* applied; identical edits count once.

    Two insertions at one place are both made, in the order given. Raises `OverlappingEdits` for edits that overlap, or
    whose range lies outside *text*.
    """
    ordered = sorted(dict.fromkeys(edits), key=lambda edit: edit.range)
    pieces: list[str] = []
    position = 0
    for (start, end), new, _ in ordered:
        if start < position or end < start or end > len(text):
            raise OverlappingEdits(f"cannot apply an edit at {start}:{end} after {position} of {len(text)}")
        pieces += (text[position:start], new)
        position = end
    pieces.append(text[position:])
    return "".join(pieces)


_STRIDE = 2048  # compared at once where much is equal


def _before(text: str, tail: int) -> str:
    end = len(text) - tail
    return text[end - _STRIDE : end]


def minimal_edit(old: str, new: str, offset: int = 0) -> Edit | None:
    """Return the one edit that turns *old* into *new* without their common beginning and end, or None if they are
    equal.

    *offset* is where *old* begins in the text the edit is meant for.
    """
    if old == new:
        return None
    limit = min(len(old), len(new))
    start = 0
    while start < limit and old[start : start + _STRIDE] == new[start : start + _STRIDE]:
        start = min(limit, start + _STRIDE)
    while start < limit and old[start] == new[start]:
        start += 1
    tail = 0
    while tail + _STRIDE < limit - start and _before(old, tail) == _before(new, tail):
        tail += _STRIDE
    while tail < limit - start and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return Edit(TextRange(offset + start, offset + len(old) - tail), new[start : len(new) - tail])
