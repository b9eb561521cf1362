"""Findings for machines: JSON objects with ruff's field names, and GitHub's workflow commands."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

from testlsp.project.records import EditRecord, FixRecord, Location
from testlsp.report.entries import Entry, page_address


def json_lines(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield a JSON array, an object a line. The text is ASCII: it survives any terminal and pipe."""
    import json

    separator = "[\n"
    for each in entries:
        yield separator + json.dumps(finding_object(each))
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


def finding_object(each: Entry) -> dict[str, Any]:
    """Return the entry as plain data; rows and columns count from 1, columns in characters."""
    finding = each.finding
    fixes = [fix for fix in finding.fixes if fix.edits != ()]
    preferred = next((fix for fix in fixes if fix.preferred), None)
    return {
        "code": finding.code,
        "name": finding.name,
        "message": finding.message,
        "filename": each.filename,
        "location": _location(finding.start),
        "end_location": _location(finding.end),
        "severity": finding.severity,
        "fix": None if preferred is None else _fix(preferred),
        "fixes": [_fix(fix) for fix in fixes],
        "url": page_address(finding.name),
    }


def _location(place: Location) -> dict[str, int]:
    return {"row": place.row, "column": place.column}


def _fix(fix: FixRecord) -> dict[str, Any]:
    return {
        "title": fix.title,
        "applicability": fix.applicability,
        "preferred": fix.preferred,
        "edits": [_edit(edit) for edit in fix.edits or ()],
    }


def _edit(edit: EditRecord) -> dict[str, Any]:
    made: dict[str, Any] = {
        "content": edit.content,
        "location": _location(edit.start),
        "end_location": _location(edit.end),
    }
    return made if edit.path is None else {**made, "filename": edit.path}


def github(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield a workflow command for each entry, which GitHub shows beside the changed lines.

    The escapes are those of https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts; columns may only
    be given within one line.
    """
    for each in entries:
        finding = each.finding
        kind = {"error": "error", "warning": "warning"}.get(finding.severity, "notice")
        properties = {
            "title": f"testlsp ({finding.code})",
            "file": _in_workspace(each),
            "line": str(finding.start.row),
            "endLine": str(finding.end.row),
        }
        if finding.start.row == finding.end.row:
            properties |= {"col": str(finding.start.column), "endColumn": str(finding.end.column)}
        words = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
        message = f"{each.path}:{finding.start.row}:{finding.start.column}: {finding.code} {finding.message}"
        yield f"::{kind} {words}::{_data(message)}\n"


def _in_workspace(each: Entry) -> str:
    """Return the path that GitHub expects: relative to the workspace, where one is known."""
    workspace = os.environ.get("GITHUB_WORKSPACE", "")
    if workspace and each.filename.startswith(workspace.rstrip("/\\") + os.sep):
        return each.filename[len(workspace.rstrip("/\\")) + 1 :].replace(os.sep, "/")
    return each.path


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
