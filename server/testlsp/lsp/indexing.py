"""Learning what the files of the workspace define, without holding up the one that is being edited.

The reading is done by another process (`testlsp.project.indexer`); here its answers are taken in, a few at a time.
Files of the workspace that are open are known better from the editor.
"""

from __future__ import annotations

import asyncio
import json
import logging
from time import perf_counter
from typing import TYPE_CHECKING, Any

from lsprotocol import types

if TYPE_CHECKING:
    from testlsp.lsp.session import Session

log = logging.getLogger("testlsp")

_TOKEN = "testlsp/indexing"
_BEGIN = types.WorkDoneProgressBegin(title="testlsp", message="Reading test files", percentage=0, cancellable=True)
_LONGEST_LINE = 64 * 1024 * 1024
_SLICE = 0.008
"""Seconds of work after which others may go first."""


class Indexing:
    """Runs over the workspace once after the start, and again when settings change."""

    def __init__(self, session: Session) -> None:
        """Index for *session*."""
        self.session = session
        self.files: dict[str, None] = {}
        self.running = False
        self.seconds = 0.0
        self._again = False
        self._done = asyncio.Event()
        self._rounds = 0
        self._process: asyncio.subprocess.Process | None = None
        self._token = ""
        self._unwanted = False

    def request(self) -> None:
        """Index soon; a request while one is being worked on makes one more round."""
        if self.running:
            self._again = True
            return
        self.running = True
        self._done.clear()
        self.session.spawn(self._run())

    def stop(self) -> None:
        """End the process that reads, if there is one."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    def cancel(self, token: object) -> None:
        """The person behind the client does not want the reading to go on that is shown as *token*."""
        if token == self._token and self.running:
            self._unwanted = True
            self.stop()

    async def finished(self) -> None:
        """Return when the workspace is known."""
        if self.running:
            await self._done.wait()

    def saw(self, path: str, exists: bool) -> None:
        """Take note that the test file *path* came or went."""
        if exists and self.session.project.is_linted(path) and self.session.project.workspace.folder_of(path):
            self.files[path] = None
        elif not exists:
            self.files.pop(path, None)

    async def _run(self) -> None:
        try:
            while True:
                self._again = False
                begun = perf_counter()
                await self._round()
                self.seconds = perf_counter() - begun
                if not self._again:
                    break
        finally:
            self.running = False
            self._done.set()
            self.session.status.tell()
            self.session.lenses.changed()

    async def _round(self) -> None:
        from testlsp.project.indexer import command, task_for
        from testlsp.semantic.summary import FileSummary

        session = self.session
        folders = session.project.workspace.folders
        if not folders:
            self.files = {}
            return
        session.status.tell()
        process = self._process = await asyncio.create_subprocess_exec(
            *command(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LONGEST_LINE,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        self._rounds += 1
        self._unwanted = False
        since = session.project.revision
        token = self._token = f"{_TOKEN}/{self._rounds}"
        shown = False
        try:
            process.stdin.write(task_for(folders).encode())
            process.stdin.close()
            paths: list[str] = json.loads(await process.stdout.readline() or b"[]")
            self.files = dict.fromkeys(paths)
            shown = await self._begin(token, len(paths))
            summaries: dict[str, FileSummary] = {}
            count = 0
            slice_begun = perf_counter()
            async for line in process.stdout:
                if self._unwanted or not line.endswith(b"\n"):  # the process was ended, perhaps within a line
                    break
                path, data = json.loads(line)
                count += 1
                if path not in session.project.documents:
                    summaries[path] = FileSummary.from_data(data)
                if perf_counter() - slice_begun > _SLICE:
                    if shown and count % 50 < 5:
                        self._report(token, count, len(paths))
                    await asyncio.sleep(0)
                    slice_begun = perf_counter()
            session.publishing.affected(session.project.put_summaries(summaries, since))
            log.info("indexed %d of %d files%s", count, len(paths), ", then cancelled" * self._unwanted)
            await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
            if shown:
                self._progress(token, types.WorkDoneProgressEnd())

    async def _begin(self, token: str, count: int) -> bool:
        if not self.session.client.progress or not count:
            return False
        try:
            await self.session.protocol.send_request_async(
                types.WINDOW_WORK_DONE_PROGRESS_CREATE, types.WorkDoneProgressCreateParams(token)
            )
        except Exception as refusal:  # a client may refuse; then there is nothing to show
            log.info("no progress is shown: %s", refusal)
            return False
        self._progress(token, _BEGIN)
        return True

    def _report(self, token: str, done: int, count: int) -> None:
        value = types.WorkDoneProgressReport(message=f"{done} of {count} test files", percentage=100 * done // count)
        self._progress(token, value)

    def _progress(self, token: str, value: Any) -> None:
        self.session.protocol.notify(types.PROGRESS, types.ProgressParams(token, value))
