"""The wire: pygls, with a short way past its type conversion for the messages that come with every keystroke.

pygls turns each message into typed objects and keeps a copy of each document. A document's changes and its findings are
read and written here as plain JSON instead, and the text is kept once, in `testlsp.project`.
"""

from __future__ import annotations

import contextvars
import json
from collections.abc import Callable
from typing import Any, NamedTuple

from lsprotocol import types
from pygls.exceptions import FeatureNotificationError
from pygls.protocol import LanguageServerProtocol, lsp_method

from testlsp.lsp.garbage import garbage


class Json(str):
    """Text that is JSON already: a result that is sent as it is."""

    __slots__ = ()


class RawMessage(NamedTuple):
    """A message whose parameters stay what the JSON parser made of them; *id* is None for a notification."""

    method: str
    params: dict[str, Any]
    id: int | str | None
    jsonrpc: str = "2.0"


NOTIFICATIONS = frozenset(
    {
        types.TEXT_DOCUMENT_DID_OPEN,
        types.TEXT_DOCUMENT_DID_CHANGE,
        types.TEXT_DOCUMENT_DID_SAVE,
        types.TEXT_DOCUMENT_DID_CLOSE,
    }
)
RAW = NOTIFICATIONS | {
    types.TEXT_DOCUMENT_DIAGNOSTIC,
    types.WORKSPACE_DIAGNOSTIC,
    types.TEXT_DOCUMENT_CODE_ACTION,
    types.CODE_ACTION_RESOLVE,
}


class Protocol(LanguageServerProtocol):
    """pygls's protocol with the short way."""

    heard: Callable[[str, dict[str, Any]], None]
    """Takes the notifications about documents: method and parameters."""
    left: bool = False
    """Whether the client said goodbye; then nobody reads what we write."""

    def structure_message(self, data: dict[str, Any]) -> Any:
        """Return *data*, any object of a message, as pygls wants it; called for inner objects too."""
        if "jsonrpc" in data and data.get("method") in RAW:
            return RawMessage(data["method"], data.get("params") or {}, data.get("id"))
        return super().structure_message(data)

    def handle_message(self, message: Any) -> None:
        """Hand *message* to whom it concerns."""
        garbage.busy()
        if message.__class__ is not RawMessage:
            super().handle_message(message)
        elif not self._shutdown:
            if message.method in NOTIFICATIONS:
                self._hear(message)
            elif message.id is not None:
                context = contextvars.copy_context()
                context.run(self._handle_request, message.id, message.method, message.params)

    def _hear(self, message: RawMessage) -> None:
        try:
            self.heard(message.method, message.params)
        except Exception as error:
            import logging

            logging.getLogger("testlsp").exception("%s failed", message.method)
            self._server.report_server_error(error, FeatureNotificationError)

    def _send_response(self, msg_id: Any, result: Any = None, error: Any = None) -> None:
        if error is None and result.__class__ is Json:
            self.send_text(f'{{"jsonrpc":"2.0","id":{json.dumps(msg_id)},"result":{result}}}')
        else:
            super()._send_response(msg_id, result, error)

    def send_text(self, body: str) -> None:
        """Send a whole message that is JSON already; nothing is sent when the client is gone."""
        if self.writer is None or self.left:
            return
        data = body.encode("utf-8", "surrogatepass" if not body.isascii() else "strict")
        self.writer.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)

    def notify_text(self, method: str, params: str) -> None:
        """Send a notification whose parameters are JSON already."""
        self.send_text(f'{{"jsonrpc":"2.0","method":"{method}","params":{params}}}')

    async def request_json(self, method: str, params: dict[str, Any]) -> Any:
        """Send a request whose parameters are plain JSON values, and return the typed answer."""
        import asyncio
        from concurrent.futures import Future
        from uuid import uuid4

        number = str(uuid4())
        future: Future[Any] = Future()
        self._request_futures[number] = future
        self._result_types[number] = self.get_result_type(method)
        self.send_text(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}))
        return await asyncio.wrap_future(future)

    @lsp_method(types.EXIT)
    def lsp_exit(self, *args: Any) -> Any:
        """End the process as the specification wants it: with 0 after a shutdown request, else with 1."""
        self.left = True
        yield from super().lsp_exit(*args)

    # The text of documents is kept by the project; pygls must not keep another.

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: Any) -> None:
        """Do nothing: see `heard`."""

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: Any) -> None:
        """Do nothing: see `heard`."""

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: Any) -> None:
        """Do nothing: see `heard`."""
