"""``workspace/executeCommand``: fixing whole files and workspaces, and answers to questions of people."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from testlsp.lsp.places import path_of
from testlsp.lsp.protocol import Json
from testlsp.lsp.slices import in_slices

if TYPE_CHECKING:
    from testlsp.ide.actions import Rewritten
    from testlsp.lint import Rule
    from testlsp.lsp.server import Server
    from testlsp.lsp.session import Session
    from testlsp.project.snapshot import FileState
    from testlsp.text import Edit


def register(server: Server) -> None:
    """Offer the commands."""
    session = server.session

    # The annotation has to be a class: pygls asks whether it is that of the server.
    @server.command("testlsp.fixFile")
    async def fix_file(*arguments: str) -> Json:
        await session.wait_current()
        return _result(await _fix_file(session, _text(arguments)))

    @server.command("testlsp.fixRuleInWorkspace")
    async def fix_rule(*arguments: str) -> Json:
        await session.wait_current()
        return _result(await _fix_rule(session, _rule(session, _text(arguments))))

    @server.command("testlsp.explainRule")
    async def explain_rule(*arguments: str) -> Json:
        from testlsp.report.pages import page

        await session.wait_current()
        return _result(page(_rule(session, _text(arguments)), session.rules))

    @server.command("testlsp.showSettings")
    async def show_settings(*arguments: str) -> Json:
        await session.wait_current()
        return _result(_settings(session, path_of(_text(arguments))))

    @server.command("testlsp.showIndex")
    async def show_index(*arguments: str) -> Json:
        await session.wait_current()
        return _result(_index(session, path_of(_text(arguments))))


def _result(value: Any) -> Json:
    return Json(json.dumps(value, default=str))


def _text(arguments: tuple[Any, ...]) -> str:
    if not arguments or not isinstance(arguments[0], str):
        raise JsonRpcInvalidParams("one argument is needed, a text")
    return arguments[0]


def _rule(session: Session, word: str) -> type[Rule]:
    for rule in session.rules:
        if word.upper() == rule.code or word.replace("_", "-").lower() == rule.name:
            return rule
    raise JsonRpcInvalidParams(f"there is no rule {word!r}")


async def _fix_file(session: Session, uri: str) -> dict[str, Any]:
    from testlsp.ide.actions import NothingToDo, fixing_file, safe_fixes

    snapshot = session.project.snapshot()
    state = await in_slices(snapshot.reading(path_of(uri)))
    if state is None or not state.linted:
        return {"applied": False, "reason": "this is no test file"}
    try:
        rewritten = await in_slices(fixing_file(snapshot, state, safe_fixes(state)))
    except NothingToDo as nothing:
        return {"applied": False, "reason": str(nothing)}
    return await _apply(session, rewritten, "Fix everything safe", {state.path: state})


async def _fix_rule(session: Session, rule: type[Rule]) -> dict[str, Any]:
    from testlsp.ide.actions import NothingToDo, Rewritten, fixing_file
    from testlsp.lint.diagnostic import Applicability
    from testlsp.lint.fixing import accepted

    await session.indexing.finished()
    edits: dict[str, list[Edit]] = {}
    states: dict[str, FileState] = {}
    for path in dict.fromkeys((*session.project.documents, *session.indexing.files)):
        await asyncio.sleep(0)
        await session.work.settled(path)
        snapshot = session.project.snapshot()
        state = snapshot.files.get(path) or await in_slices(session.project.reading(path))
        if state is None or all(one.code != rule.code for one in state.findings.diagnostics):
            continue
        if rule.code not in state.selection.fixable:
            continue
        try:
            rewritten = await in_slices(
                fixing_file(
                    snapshot, state, lambda one: accepted(one, Applicability.UNSAFE) if one.code == rule.code else None
                )
            )
        except NothingToDo:
            continue
        edits.update(rewritten.edits)
        states[path] = state
    if not edits:
        return {"applied": False, "files": 0, "reason": "nothing can be fixed without a decision"}
    answer = await _apply(
        session,
        Rewritten(f"Fix {rule.name}", edits, bool(edits.keys() - session.project.documents.keys()) or len(edits) > 1),
        f"Fix {rule.name}",
        states,
    )
    return {**answer, "files": len(edits)}


async def _apply(session: Session, rewritten: Rewritten, label: str, states: dict[str, FileState]) -> dict[str, Any]:
    from testlsp.lsp.edits import lines_of, workspace_edit

    if not session.client.apply_edit:
        return {"applied": False, "reason": "the editor does not take edits from commands"}
    if any(lines_of(session, path).text != state.text for path, state in states.items()):
        return {"applied": False, "reason": "a file has changed meanwhile"}
    params = {"label": label, "edit": workspace_edit(session, rewritten)}
    answer = await session.protocol.request_json(types.WORKSPACE_APPLY_EDIT, params)
    return {"applied": bool(getattr(answer, "applied", False)), "reason": getattr(answer, "failure_reason", None) or ""}


def _settings(session: Session, path: str) -> dict[str, Any]:
    from testlsp.config.settings import show

    configuration = session.project.workspace.configuration_of(path)
    settings = configuration.for_file(path)
    selection = session.project.workspace.selection_for(path)
    return {
        "path": path,
        "settings": {info.key: {"value": value, "from": origin} for info, value, origin in show(settings)},
        "rules": [rule.code for rule in selection.rules.rules],
        "pytest": {"rootdir": settings.pytest.rootdir, "inifile": settings.pytest.inifile},
        "linted": session.project.is_linted(path),
        "problems": [str(problem) for problem in session.project.workspace.problems],
    }


def _index(session: Session, path: str) -> dict[str, Any]:
    project = session.project
    snapshot = project.snapshot()
    state = snapshot.file(path)
    if state is None:
        return {"path": path, "known": False}
    graph = snapshot.graph
    return {
        "path": path,
        "known": True,
        "version": state.version,
        "statements": len(state.source.statements),
        "problems": [problem.message for problem in state.source.problems],
        "findings": len(state.findings.diagnostics),
        "silenced": len(state.findings.suppressed),
        "fixtures": [fixture.name for fixture in state.summary.fixtures],
        "tests": [".".join((*test.owner, test.name)) for test in state.summary.tests],
        "conftests": list(graph.conftest_chain(path)),
        "depends on": list(project.summaries.dependencies(path)),
        "looked for": list(project.summaries.absent(path)),
        "dependents": len(graph.dependents(path)),
        "files indexed": len(session.indexing.files),
        "seconds of indexing": round(session.indexing.seconds, 3),
        "revision": project.revision,
        "crashes": [crash.error for crash in project.crashes.values()],
    }
