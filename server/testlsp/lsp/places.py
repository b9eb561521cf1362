"""Positions, ranges and addresses: between the protocol's and ours."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.uris import from_fs_path, to_fs_path

from testlsp.text import ColumnUnit, LineIndex, TextRange


def path_of(uri: str) -> str:
    """Return the absolute path that *uri* names; an address that is no file stays what it is."""
    if not uri.startswith("file:"):
        return uri
    path = to_fs_path(uri)
    if path is None:
        return uri
    return os.path.normpath(path).replace("\\", "/") if os.sep == "\\" else os.path.normpath(path)


def uri_of(path: str) -> str:
    """Return the address of *path*."""
    return (from_fs_path(path) or path) if Path(path).is_absolute() else path


def offset_of(lines: LineIndex, position: dict[str, int], unit: ColumnUnit) -> int:
    """Return the offset of a position as JSON has it."""
    return lines.offset(position["line"], position["character"], unit)


def position(lines: LineIndex, offset: int, unit: ColumnUnit) -> types.Position:
    """Return the protocol's position of *offset*."""
    line, column = lines.position(offset, unit)
    return types.Position(line, column)


def range_of(lines: LineIndex, where: TextRange, unit: ColumnUnit) -> types.Range:
    """Return the protocol's range of *where*."""
    return types.Range(position(lines, where.start, unit), position(lines, where.end, unit))


def text_range(lines: LineIndex, where: types.Range, unit: ColumnUnit) -> TextRange:
    """Return *where* in offsets."""
    start = lines.offset(where.start.line, where.start.character, unit)
    end = lines.offset(where.end.line, where.end.character, unit)
    return TextRange(min(start, end), max(start, end))


def range_json(lines: LineIndex, where: TextRange, unit: ColumnUnit) -> dict[str, Any]:
    """Return *where* as JSON has it."""
    (line, column), (last, end) = lines.position(where.start, unit), lines.position(where.end, unit)
    return {"start": {"line": line, "character": column}, "end": {"line": last, "character": end}}
