"""Long work in slices, between which messages are heard, and the analysis of documents in that manner.

The engine gives long work as generators that stop after each part. What is over soon is done at once, within the
message that asked for it; the rest goes on beside the messages. No document is analysed twice at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from time import perf_counter
from typing import TYPE_CHECKING, TypeVar

from testlsp.lsp.garbage import garbage

if TYPE_CHECKING:
    from testlsp.lsp.session import Session
    from testlsp.project.documents import Document

Result = TypeVar("Result")

AT_ONCE = 0.015
"""Seconds of work that may be done within a message."""
_SLICE = 0.007
_PAUSE = 0.0005
_ROUNDS = 3  # what one document says can change the findings of another


async def in_slices(steps: Generator[None, None, Result]) -> Result:
    """Do the work of *steps*, and let messages in between; return its result."""
    while True:
        end = perf_counter() + _SLICE
        try:
            next(steps)
            while perf_counter() < end:
                next(steps)
        except StopIteration as done:
            result: Result = done.value
            garbage.tidy()
            return result
        garbage.busy()
        garbage.tidy()
        await asyncio.sleep(_PAUSE)


class Work:
    """Brings documents up to date, and does other work of the session."""

    def __init__(self, session: Session) -> None:
        """Work for *session*."""
        self.session = session
        self._analyses: dict[str, asyncio.Task[None]] = {}
        self._others: set[asyncio.Task[None]] = set()

    def at_once(self, path: str) -> bool:
        """Analyse the open document *path* if that is done soon; whether it is up to date now."""
        project = self.session.project
        if not project.documents[path].stale:
            return True
        if path in self._analyses:
            return False
        end = perf_counter() + AT_ONCE
        steps = project.analysing(path)
        try:
            while perf_counter() < end:
                next(steps)
        except StopIteration as done:
            return bool(done.value)
        self._go_on(path, steps)
        return False

    def _go_on(self, path: str, steps: Generator[None, None, bool]) -> asyncio.Task[None]:
        async def work() -> None:
            try:
                await in_slices(steps)
            finally:
                del self._analyses[path]

        task = self._analyses[path] = self.session.spawn(work())
        return task

    @staticmethod
    def rest(document: Document) -> None:
        """Do what can wait until the findings are told."""
        document.rest()
        garbage.tidy()

    async def settled(self, path: str) -> bool:
        """Return when the document *path* is up to date, or False when it is closed."""
        documents = self.session.project.documents
        while path in documents:
            if self.at_once(path):
                return True
            task = self._analyses.get(path)
            if task is not None:
                await asyncio.shield(task)
            else:
                await asyncio.sleep(0)
        return False

    async def everything(self) -> None:
        """Return when all that was told is taken in: files on disk, and what documents say."""
        while self._others:
            await asyncio.shield(asyncio.gather(*self._others))
        documents = self.session.project.documents
        for _ in range(_ROUNDS):
            for path in [path for path, document in documents.items() if document.stale]:
                await self.settled(path)

    def soon(self, steps: Generator[None, None, Result], then: Callable[[Result], None]) -> None:
        """Do the work of *steps* at once if it is over soon, else in slices; give its result to *then*."""
        end = perf_counter() + AT_ONCE
        try:
            while perf_counter() < end:
                next(steps)
        except StopIteration as done:
            then(done.value)
            return

        async def work() -> None:
            then(await in_slices(steps))

        task = self.session.spawn(work())
        self._others.add(task)
        task.add_done_callback(self._others.discard)
