"""``textDocument/codeAction`` and ``codeAction/resolve``."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcContentModified, JsonRpcInvalidParams

from testlsp.lsp.places import offset_of, path_of
from testlsp.lsp.protocol import Json
from testlsp.lsp.slices import in_slices

if TYPE_CHECKING:
    from testlsp.ide.actions import ActionKey, CodeAction
    from testlsp.lsp.server import Server
    from testlsp.lsp.session import Session
    from testlsp.project.snapshot import FileState

log = logging.getLogger("testlsp")


def register(server: Server) -> None:
    """Offer code actions."""
    session = server.session
    options = types.CodeActionOptions(
        code_action_kinds=[types.CodeActionKind.QuickFix, types.CodeActionKind.SourceFixAll],
        resolve_provider=True,
    )

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, options)
    async def code_action(params: Any) -> Json:
        await session.wait_current()
        return Json(json.dumps(await _offers(session, params)))

    @server.feature(types.CODE_ACTION_RESOLVE)
    async def resolve(params: Any) -> Json:
        await session.wait_current()
        if "libcst" not in sys.modules:
            await warm_up()
        return Json(json.dumps(await _resolved(session, params)))


async def _offers(session: Session, params: dict[str, Any]) -> list[dict[str, Any]]:
    from testlsp.ide.actions import code_actions
    from testlsp.text import TextRange

    path = path_of(params["textDocument"]["uri"])
    document = session.project.documents.get(path)
    if document is None or not session.client.literals:
        return []
    unit = session.client.unit
    start = offset_of(document.lines, params["range"]["start"], unit)
    end = offset_of(document.lines, params["range"]["end"], unit)
    context = params.get("context") or {}
    only = context.get("only")
    snapshot = session.project.snapshot()
    offered = code_actions(snapshot, path, TextRange(min(start, end), max(start, end)), only)
    made = [await _as_json(session, snapshot.files[path], action) for action in offered]
    return [action for action in made if action is not None]


async def _as_json(session: Session, state: FileState, action: CodeAction) -> dict[str, Any] | None:
    from testlsp.ide.actions import NothingToDo, StaleAction
    from testlsp.lsp.findings import finding_json

    made: dict[str, Any] = {"title": action.title, "kind": action.kind}
    if action.finding is not None:
        made["diagnostics"] = [finding_json(action.finding, state, session.client)]
    if action.preferred and session.client.preferred:
        made["isPreferred"] = True
    if session.client.resolves_edits:
        made["data"] = asdict(action.key)
        return made
    try:
        made["edit"] = await _edit(session, action.key)
    except (NothingToDo, StaleAction):
        return None
    return made


async def _edit(session: Session, key: ActionKey) -> dict[str, Any]:
    """Return the edit of the action *key*; raises `StaleAction` or `NothingToDo`."""
    from testlsp.ide.actions import NothingToDo, StaleAction, resolving
    from testlsp.lsp.edits import is_overtaken, lines_on_disk, workspace_edit

    snapshot = session.project.snapshot()
    rewritten = await in_slices(resolving(snapshot, key))
    if any(not path.endswith(".py") for path in rewritten.edits):
        # A file that holds settings may have changed without our being told: the fix is made from what it says now.
        session.publishing.affected(session.project.refresh_settings())
        snapshot = session.project.snapshot()
        rewritten = await in_slices(resolving(snapshot, key))
    if is_overtaken(session, snapshot, rewritten):
        raise StaleAction
    for path in rewritten.edits:
        unsaved = session.texts.get(path)
        if unsaved is not None and unsaved.lines.text != lines_on_disk(path).text:
            raise NothingToDo(f"{path.rpartition('/')[2]} has changes that are not saved")
    return workspace_edit(session, rewritten)


async def _resolved(session: Session, params: dict[str, Any]) -> dict[str, Any]:
    from testlsp.ide.actions import ActionKey, NothingToDo, StaleAction

    data = params.get("data")
    try:
        key = ActionKey(**data) if isinstance(data, dict) else None
    except TypeError:
        key = None
    if key is None:
        raise JsonRpcInvalidParams("this action was not offered by testlsp")
    try:
        edit = await _edit(session, key)
    except StaleAction as stale:
        raise JsonRpcContentModified("the file has changed since this was offered") from stale
    except NothingToDo as nothing:
        log.warning("%s: %s", params.get("title"), nothing)
        params["disabled"] = {"reason": str(nothing)}
        return {**params, "edit": {"documentChanges": []} if session.client.document_changes else {"changes": {}}}
    return {**params, "edit": edit}


async def warm_up() -> None:
    """Load what builds edits beside the event loop, so that the first fix does not wait for it."""
    await asyncio.get_running_loop().run_in_executor(None, _load)


def _load() -> None:
    from testlsp.rewrite.grammar import parses_in_any_version

    parses_in_any_version("pass\n")
