"""When findings are looked for and told.

There is no fixed delay. A document whose last analysis after an edit took less than `AT_ONCE` is analysed within the
notification that changed it; otherwise the next analysis waits as long as the last one took, so that typing is never
held up by it.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable
from time import perf_counter
from typing import TYPE_CHECKING

from lsprotocol import types

from testlsp.lsp.findings import whole_line
from testlsp.lsp.places import range_json, uri_of
from testlsp.lsp.slices import AT_ONCE
from testlsp.text import LineIndex

if TYPE_CHECKING:
    from testlsp.lsp.session import Session


log = logging.getLogger("testlsp")


class Publishing:
    """Keeps track of which documents wait for an analysis, and of what the client was told."""

    def __init__(self, session: Session) -> None:
        """Tell the client of *session*."""
        self.session = session
        self.last_touch = 0.0
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._waiting: dict[str, None] = {}
        self._draining = False
        self._told_config: frozenset[str] = frozenset()
        self._told_editor: frozenset[str] = frozenset()
        self._refresh_due = False

    def touched(self, path: str) -> None:
        """*path* was opened or edited: publish its findings at once, or as soon as it is due."""
        self.last_touch = perf_counter()
        if self.session.client.pulls:
            return  # the client asks when it wants to know; other documents are seen to then
        document = self.session.project.documents[path]
        if document.cost < AT_ONCE:
            self.publish(path)
        elif path not in self._timers:
            loop = asyncio.get_running_loop()
            self._timers[path] = loop.call_later(document.cost, self._due, path)

    def _due(self, path: str) -> None:
        self._timers.pop(path, None)
        if path in self.session.project.documents:
            self.publish(path)

    def publish(self, path: str) -> None:
        """Analyse *path*, an open document, and tell its findings: now, or when the analysis is done."""
        timer = self._timers.pop(path, None)
        if timer is not None:
            timer.cancel()
        if self.session.work.at_once(path):
            self._tell(path)
        else:
            self._waiting = {path: None, **self._waiting}
            self._wait_for(path)

    def _tell(self, path: str) -> None:
        session = self.session
        state = session.project.documents[path].state
        assert state is not None
        uri = json.dumps(session.uris[path])
        items = session.notices.items(state)
        session.protocol.notify_text(
            types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, f'{{"uri":{uri},"version":{state.version},"diagnostics":{items}}}'
        )
        if session.project.unseen:
            self.affected()
        if state.lint.crashes:
            session.status.tell()

    def affected(self, paths: Iterable[str] = ()) -> None:
        """Other changes may have touched the findings of *paths*, and of those that the project has not seen to."""
        project = self.session.project
        paths = [path for path in dict.fromkeys((*paths, *project.unseen)) if path in project.documents]
        project.unseen.clear()
        if not paths:
            return
        if self.session.client.pulls:
            self._refresh()
            return
        for path in paths:
            self._wait_for(path)

    def _wait_for(self, path: str) -> None:
        """See to *path* when nothing more urgent is waiting."""
        self._waiting[path] = None
        if not self._draining:
            self._draining = True
            self.session.spawn(self._drain())

    async def _drain(self) -> None:
        try:
            while self._waiting:
                path = next(iter(self._waiting))
                del self._waiting[path]
                await asyncio.sleep(0)
                try:
                    if await self.session.work.settled(path):
                        self._tell(path)
                except Exception:  # a fault of ours with one document must not silence the others
                    log.exception("%s could not be analysed", path)
        finally:
            self._draining = False

    def _refresh(self) -> None:
        """Ask a client that pulls to pull again; several reasons at once make one request."""
        if not self.session.client.pull_refresh or self._refresh_due:
            return
        self._refresh_due = True
        asyncio.get_running_loop().call_later(0.02, self._send_refresh)

    def _send_refresh(self) -> None:
        self._refresh_due = False
        self.session.protocol.send_request(types.WORKSPACE_DIAGNOSTIC_REFRESH, None)

    def closed(self, path: str) -> None:
        """*path* is closed: a client that is told findings must not keep them."""
        timer = self._timers.pop(path, None)
        if timer is not None:
            timer.cancel()
        self._waiting.pop(path, None)
        if not self.session.client.pulls:
            uri = json.dumps(self.session.uris[path])
            self.session.protocol.notify_text(
                types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, f'{{"uri":{uri},"diagnostics":[]}}'
            )

    def configuration(self) -> None:
        """Tell what is wrong in configuration files, and take back what no longer is."""
        session = self.session
        found: dict[str, list[dict[str, object]]] = {}
        texts: dict[str, LineIndex] = {}
        from testlsp.project.files import FileProblem, read_config
        from testlsp.project.workspace import EDITOR

        complaints: dict[str, None] = {}
        for problem in session.project.workspace.problems:
            if problem.path == EDITOR:
                complaints[problem.message] = None
                continue
            path = problem.path
            if path not in texts:
                try:
                    texts[path] = LineIndex(read_config(path) or "")
                except FileProblem:
                    texts[path] = LineIndex("")
            lines = texts[path]
            where = range_json(lines, whole_line(lines, max(0, problem.line - 1)), session.client.unit)
            item = {"range": where, "severity": 1, "source": "testlsp", "code": "config", "message": problem.message}
            found.setdefault(path, []).append(item)
        for path in {*found, *self._told_config}:
            params = {"uri": uri_of(path), "diagnostics": found.get(path, [])}
            session.protocol.notify_text(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, json.dumps(params))
        self._told_config = frozenset(found)
        for complaint in complaints.keys() - self._told_editor:
            log.warning("editor settings: %s", complaint)
        self._told_editor = frozenset(complaints)
