"""Where a marker can be registered in pytest's own configuration file."""

from __future__ import annotations

from typing import NamedTuple


class MarkerPlace(NamedTuple):
    """A name put at *offset* of the text of the file, between *before* and *after*, is registered as a marker."""

    offset: int
    before: str
    after: str


def marker_place(name: str, text: str) -> MarkerPlace | None:
    """Return where the file of the base name *name* and of that *text* takes another marker.

    None where it has no ``markers``, or has them more than once, so that it is not clear which count.
    """
    lines = text.splitlines(keepends=True)
    rows = [row for row, line in enumerate(lines) if line.startswith("markers") and line[7:].lstrip()[:1] in {"=", ":"}]
    if len(rows) != 1:
        return None
    [row] = rows
    end = sum(map(len, lines[: row + 1]))
    newline = "\r\n" if lines[row].endswith("\r\n") else "\n"
    following = lines[row + 1] if row + 1 < len(lines) else ""
    indentation = following[: len(following) - len(following.lstrip(" \t"))]
    if not name.endswith(".toml"):
        # What stands on the line of the key is a marker itself; the new one goes below it.
        return MarkerPlace(end, indentation or "    ", newline) if lines[row].endswith("\n") else None
    _, bracket, rest = lines[row].partition("[")
    if not bracket:
        return None
    if rest.strip() and not rest.strip().startswith("#"):
        start = end - len(rest)
        return MarkerPlace(start, '"', '"' if rest.lstrip().startswith("]") else '", ')
    return MarkerPlace(end, f'{indentation or "    "}"', f'",{newline}')
