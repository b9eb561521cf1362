"""When the client is asked to fetch its code lenses again: when one that it has would be another one now."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from testlsp.lsp.places import path_of

if TYPE_CHECKING:
    from testlsp.lsp.session import Session

_REST = 0.3
"""Seconds without a keystroke after which lenses are compared."""


class Lenses:
    """Remembers the lenses that the client was given."""

    def __init__(self, session: Session) -> None:
        """Watch over the lenses of the client of *session*."""
        self.session = session
        self._told: dict[str, list[Any]] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def answer(self, uri: str) -> list[types.CodeLens]:
        """Return the lenses of a document, for the client to have."""
        from testlsp.lsp.language import lenses_of

        lenses = await lenses_of(self.session, uri)
        if self.session.client.lens_refresh:
            self._told[uri] = _said(lenses)
        return lenses

    def changed(self) -> None:
        """Something may be different now: compare, as soon as nobody types."""
        if self._timer is None and self._told:
            self._timer = asyncio.get_running_loop().call_later(_REST, self._due)

    def _due(self) -> None:
        self._timer = None
        if perf_counter() - self.session.publishing.last_touch < _REST * 0.8:
            self.changed()
        else:
            self.session.spawn(self._compare())

    async def _compare(self) -> None:
        from testlsp.lsp.language import lenses_of

        await self.session.wait_current()
        for uri, before in list(self._told.items()):
            if path_of(uri) not in self.session.project.documents:
                self._told.pop(uri, None)
            elif self._told.get(uri) is before and _said(await lenses_of(self.session, uri)) != before:
                self._told.clear()  # the client asks for all of them now
                self.session.protocol.send_request(types.WORKSPACE_CODE_LENS_REFRESH, None)
                return


def _said(lenses: list[types.CodeLens]) -> list[Any]:
    """Return what *lenses* say and where they lead; where they stand moves with the text in the editor."""
    return [(lens.command.title, (lens.command.arguments or [])[2:]) for lens in lenses if lens.command is not None]
