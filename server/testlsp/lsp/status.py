"""``testlsp/status``, the client's log, and the watch over the process that started us."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from typing import TYPE_CHECKING

from lsprotocol import types

if TYPE_CHECKING:
    from testlsp.lsp.session import Session

STATUS = "testlsp/status"

_TYPES = {
    logging.ERROR: types.MessageType.Error,
    logging.WARNING: types.MessageType.Warning,
    logging.INFO: types.MessageType.Info,
}


class Status:
    """Tells the client how the server is, whenever that changes."""

    def __init__(self, session: Session) -> None:
        """Tell the client of *session*."""
        self.session = session
        self._told = ""
        self._crashes: set[str] = set()

    def failed(self, reason: str) -> None:
        """Say that nothing can be done, and why."""
        self.session.protocol.notify_text(STATUS, json.dumps({"state": "failed", "message": reason, "crashes": 1}))

    def tell(self) -> None:
        """Send the state if it is another one than before; log each rule that failed once."""
        session = self.session
        loaded = session.ready is not None and session.ready.done() and session.ready.exception() is None
        state = "starting"
        message = ""
        crashes = 0
        if loaded:
            state = "indexing" if session.indexing.running else "ready"
            failed = session.project.crashes
            for code, crash in failed.items():
                if code not in self._crashes:
                    self._crashes.add(code)
                    logging.getLogger("testlsp").error("rule %s failed in %s: %s", code, crash.path, crash.error)
            crashes = len(failed)
            if failed:
                message = f"a fault in testlsp: rule {', '.join(sorted(failed))} failed and is left out where it does"
        params = json.dumps({"state": state, "message": message, "crashes": crashes})
        if params != self._told:
            self._told = params
            session.protocol.notify_text(STATUS, params)


class ClientLog(logging.Handler):
    """Writes log records to the client's log."""

    def __init__(self, session: Session) -> None:
        """Write to the client of *session*."""
        super().__init__()
        self.session = session

    def emit(self, record: logging.LogRecord) -> None:
        """Send *record*."""
        if self.session.protocol.left:
            return
        try:
            kind = _TYPES.get(record.levelno, types.MessageType.Log)
            params = json.dumps({"type": kind.value, "message": self.format(record)})
            self.session.protocol.notify_text(types.WINDOW_LOG_MESSAGE, params)
        except Exception:  # a log that fails must not fail its user; stderr is told by `handleError`
            self.handleError(record)


async def watch_parent(process_id: int | None) -> None:
    """End this process when the one with *process_id* is gone: nobody will say goodbye any more."""
    if process_id is None:
        return
    while True:
        await asyncio.sleep(1.5)
        if not is_alive(process_id):
            os._exit(1)


def is_alive(process_id: int) -> bool:
    """Whether a process of that number runs."""
    if os.name == "nt":
        return True  # there the closed pipe tells
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
