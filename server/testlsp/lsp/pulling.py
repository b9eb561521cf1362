"""``textDocument/diagnostic`` and ``workspace/diagnostic``: findings for clients that ask."""

from __future__ import annotations

import asyncio
import json
from hashlib import blake2b
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from lsprotocol import types

from testlsp.lsp.places import path_of, uri_of
from testlsp.lsp.protocol import Json
from testlsp.lsp.slices import in_slices

if TYPE_CHECKING:
    from testlsp.lsp.server import Server
    from testlsp.lsp.session import Session

_PART = 20
"""Reports that are sent together while a workspace is gone through."""


class Report(NamedTuple):
    """The findings of one file as JSON, and what they depend on."""

    items: str
    id: str
    version: int | None
    stamp: object = None


def register(server: Server) -> None:
    """Offer diagnostics to clients that pull."""
    session = server.session
    reports = WorkspaceReports(session)
    session.reports = reports
    options = types.DiagnosticOptions(
        inter_file_dependencies=True, workspace_diagnostics=True, identifier="testlsp", work_done_progress=True
    )

    @server.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, options)
    async def document(params: Any) -> Json:
        await session.wait_current()
        return Json(await _document(session, params))

    @server.feature(types.WORKSPACE_DIAGNOSTIC)
    async def workspace(params: Any) -> Json:
        await session.wait_ready()
        return await reports.answer(params)


def _report(items: str, version: int | None) -> Report:
    return Report(items, blake2b(items.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest(), version)


async def _document(session: Session, params: dict[str, Any]) -> str:
    path = path_of(params["textDocument"]["uri"])
    project = session.project
    before = params.get("previousResultId")
    if before is not None and session.is_left_alone(path):
        return f'{{"kind":"unchanged","resultId":{json.dumps(before)}}}'
    project.unseen.pop(path, None)
    others = [other for other in project.unseen if other in project.documents and not session.is_left_alone(other)]
    if path in project.documents:
        if session.client.related_documents:
            project.unseen.clear()  # the client is told with this answer
        else:
            session.publishing.affected(others)
        state = project.analyse(path)[0]
    else:
        read = await in_slices(project.reading(path)) if path.endswith(".py") else None
        if read is None:
            return '{"kind":"full","items":[]}'
        state = read
    report = _report(session.notices.items(state), None)
    if state.lint.crashes:
        session.status.tell()
    related = []
    for other in others if session.client.related_documents else ():
        found = _report(session.notices.items(project.analyse(other)[0]), None)
        uri = json.dumps(session.uris[other])
        related.append(f'{uri}:{{"kind":"full","resultId":"{found.id}","items":{found.items}}}')
    more = f',"relatedDocuments":{{{",".join(related)}}}' if related else ""
    if before == report.id:
        return f'{{"kind":"unchanged","resultId":"{report.id}"{more}}}'
    return f'{{"kind":"full","resultId":"{report.id}","items":{report.items}{more}}}'


class WorkspaceReports:
    """The findings of files that are not open, kept as JSON until something they depend on changes."""

    def __init__(self, session: Session) -> None:
        """Report for *session*."""
        self.session = session
        self._kept: dict[str, Report] = {}

    async def answer(self, params: dict[str, Any]) -> Json:
        """Go through all test files and report those that differ from what the client knows."""
        session = self.session
        await session.indexing.finished()
        known = {path_of(each["uri"]): each["value"] for each in params.get("previousResultIds") or ()}
        token = params.get("partialResultToken")
        progress = params.get("workDoneToken")
        files = list(dict.fromkeys((*session.project.documents, *session.indexing.files)))
        told: list[str] = []
        if progress is not None:
            self._progress(
                progress, {"kind": "begin", "title": "testlsp", "message": "Checking test files", "percentage": 0}
            )
        try:
            for number, path in enumerate(files):
                await self._pause()
                part = await self._one(path, known.pop(path, None))
                if part is not None:
                    told.append(part)
                if token is not None and len(told) >= _PART:
                    self._send(token, told)
                    told = []
                if progress is not None and number % 50 == 49:
                    self._progress(progress, {"kind": "report", "percentage": 100 * number // len(files)})
            for path in known:  # what the client still shows of files that are gone
                told.append(f'{{"kind":"full","uri":{json.dumps(uri_of(path))},"version":null,"items":[]}}')
        finally:
            if progress is not None:
                self._progress(progress, {"kind": "end"})
        if token is not None and told:
            self._send(token, told)
            told = []
        return Json(f'{{"items":[{",".join(told)}]}}')

    async def _pause(self) -> None:
        """Let others go first: whoever is typing has the machine."""
        await asyncio.sleep(0)
        while perf_counter() - self.session.publishing.last_touch < 0.3:
            await asyncio.sleep(0.1)

    async def _one(self, path: str, before: str | None) -> str | None:
        if self.session.is_left_alone(path):
            return None
        report = await self._report(path)
        if report is None:
            return None
        uri = json.dumps(self.session.uris.get(path) or uri_of(path))
        version = "null" if report.version is None else report.version
        if report.id == before:
            return None
        if before is None and report.items == "[]":
            return None
        return f'{{"kind":"full","uri":{uri},"version":{version},"resultId":"{report.id}","items":{report.items}}}'

    async def _report(self, path: str) -> Report | None:
        project = self.session.project
        if await self.session.work.settled(path):
            state = project.analyse(path)[0]
            return _report(self.session.notices.items(state), state.version)
        kept = self._kept.get(path)
        if kept is not None and project.is_current(path, kept.stamp):
            return kept
        read = await in_slices(project.reading(path))
        if read is None:
            return None
        report = _report(self.session.notices.items(read), None)
        if read.lint.crashes:
            self.session.status.tell()
        project.release(read)
        report = self._kept[path] = report._replace(stamp=project.stamp(path, read.lint.used_graph))
        return report

    def _send(self, token: int | str, items: list[str]) -> None:
        self.session.protocol.notify_text(
            types.PROGRESS, f'{{"token":{json.dumps(token)},"value":{{"items":[{",".join(items)}]}}}}'
        )

    def _progress(self, token: int | str, value: dict[str, Any]) -> None:
        self.session.protocol.notify_text(types.PROGRESS, json.dumps({"token": token, "value": value}))
