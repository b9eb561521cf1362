"""Edits for the client: versioned where it can take that, annotated where a person must look first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from testlsp.ide.actions import Rewritten
from testlsp.lsp.places import range_json, uri_of
from testlsp.text import Edit, LineIndex

if TYPE_CHECKING:
    from testlsp.lsp.session import Session
    from testlsp.project.snapshot import Snapshot

CONFIRM = "testlsp.confirm"


def workspace_edit(session: Session, rewritten: Rewritten) -> dict[str, Any]:
    """Return *rewritten* as a workspace edit that this client understands."""
    client = session.client
    confirm = rewritten.confirm and client.annotations and client.document_changes
    changes: dict[str, list[dict[str, Any]]] = {}
    versions: dict[str, int | None] = {}
    for path, edits in rewritten.edits.items():
        document = session.document(path)
        uri = session.uris.get(path) if document is not None else None
        uri = uri or uri_of(path)
        versions[uri] = document.version if document is not None else None
        lines = lines_of(session, path)
        changes[uri] = [
            _text_edit(edit, lines, session, confirm) for edit in sorted(edits, key=lambda each: each.range)
        ]
    if not client.document_changes:
        return {"changes": changes}
    result: dict[str, Any] = {
        "documentChanges": [
            {"textDocument": {"uri": uri, "version": versions[uri]}, "edits": edits} for uri, edits in changes.items()
        ]
    }
    if confirm:
        result["changeAnnotations"] = {
            CONFIRM: {
                "label": rewritten.title,
                "needsConfirmation": True,
                "description": "reaches into another file",
            }
        }
    return result


def is_overtaken(session: Session, snapshot: Snapshot, rewritten: Rewritten) -> bool:
    """Whether an open file that *rewritten* edits says another thing than it did in *snapshot*."""
    for path in rewritten.edits:
        document, state = session.project.documents.get(path), snapshot.files.get(path)
        if document is not None and (state is None or state.lines is not document.lines):
            return True
    return False


def lines_of(session: Session, path: str) -> LineIndex:
    """Return the text of *path*: as it is in the editor, else as it was saved."""
    document = session.document(path)
    return document.lines if document is not None else lines_on_disk(path)


def lines_on_disk(path: str) -> LineIndex:
    """Return the text of *path* as it was saved; an empty one if it cannot be read."""
    from testlsp.project.files import FileProblem, read_config, read_file

    try:
        return LineIndex(read_file(path).text if path.endswith(".py") else read_config(path) or "")
    except FileProblem:
        return LineIndex("")


def _text_edit(edit: Edit, lines: LineIndex, session: Session, confirm: bool) -> dict[str, Any]:
    made: dict[str, Any] = {"range": range_json(lines, edit.range, session.client.unit), "newText": edit.text}
    if confirm:
        made["annotationId"] = CONFIRM
    return made
