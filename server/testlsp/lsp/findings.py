"""Findings as JSON, converted once per statement and kept with it.

With a thousand findings in a file their conversion would be the largest cost of a keystroke. A statement whose findings
and whose first line are what they were gives the same text as before.
"""

from __future__ import annotations

import json
from typing import Any

from testlsp.ide.diagnostics import page_of, place_of_symbol
from testlsp.lint.diagnostic import Diagnostic, Severity, Tag
from testlsp.lsp.client import Client
from testlsp.lsp.places import range_json, uri_of
from testlsp.project.snapshot import FileState
from testlsp.syntax import Statement
from testlsp.text import TextRange, column_in

SOURCE = "testlsp"

_SEVERITY = {Severity.ERROR: 1, Severity.WARNING: 2, Severity.INFORMATION: 3, Severity.HINT: 4}
_TAG = {Tag.UNNECESSARY: 1, Tag.DEPRECATED: 2}


def items_json(state: FileState, client: Client) -> str:
    """Return the findings of *state* as a JSON array of diagnostics."""
    lint = state.lint
    if not lint.pieces:
        return "[]"
    source, lines = state.source, state.lines
    parts: list[str] = []
    for piece in lint.pieces:
        statement = source.statements[piece.at]
        line = lines.line_at(source.starts[piece.at])
        kept = statement.memo.get("json")
        if kept is not None and kept[0] is piece.diagnostics and kept[1] == line and kept[2] is client:
            parts.append(kept[3])
            continue
        text = ",".join(
            json.dumps(_as_json(one, statement, line, source.starts[piece.at], state, client))
            for one in piece.diagnostics
        )
        if not any(one.related for one in piece.diagnostics):
            # Related places lie in other files, or move with other statements.
            statement.memo["json"] = (piece.diagnostics, line, client, text)
        parts.append(text)
    return f"[{','.join(parts)}]"


def _as_json(
    one: Diagnostic, statement: Statement, line: int, start: int, state: FileState, client: Client
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "range": {
            "start": _position(statement, one.range.start, line, client),
            "end": _position(statement, one.range.end, line, client),
        },
        "severity": _SEVERITY[one.severity],
        "code": one.code,
        "source": SOURCE,
        "message": one.message,
    }
    if client.links:
        found["codeDescription"] = {"href": page_of(one.name)}
    tags = [_TAG[tag] for tag in one.tags if _TAG[tag] in client.tags]
    if tags:
        found["tags"] = tags
    if one.related and client.related:
        found["relatedInformation"] = related_json(one, start, state, client)
    return found


def finding_json(one: Diagnostic, state: FileState, client: Client) -> dict[str, Any]:
    """Return a finding in offsets of the file as a diagnostic."""
    source = state.source
    index = source.index_at(one.range.start)
    start = source.starts[index]
    return _as_json(one.shifted(-start), source.statements[index], state.lines.line_at(start), start, state, client)


def _position(statement: Statement, offset: int, line: int, client: Client) -> dict[str, int]:
    row = statement.line_at(offset)
    begin = statement.starts[row]
    column = offset - begin
    if client.unit != "utf-32":
        column = column_in(client.unit, statement.text[begin:offset], column)
    return {"line": line + row, "character": column}


def related_json(one: Diagnostic, start: int, state: FileState, client: Client) -> list[dict[str, Any]]:
    """Return the other places that explain a finding; one that cannot be found is left out.

    *start* is where the finding's statement begins.
    """
    found = []
    for each in one.related:
        if each.path == state.path and each.range is not None:
            lines, where = state.lines, each.range
        else:
            place = place_of_symbol(state, each.path, each.symbol)
            if place is None:
                continue
            lines, where = place
        uri = uri_of(each.path)
        found.append(
            {"location": {"uri": uri, "range": range_json(lines, where, client.unit)}, "message": each.message}
        )
    return found


def whole_line(lines: Any, line: int) -> TextRange:
    """Return the range of *line*, counted from 0, without its indentation and its end."""
    text = lines.line_text(line)
    start = lines.offset(line, len(text) - len(text.lstrip()))
    return TextRange(start, max(start, lines.offset(line, len(text.rstrip()))))
