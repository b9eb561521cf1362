"""Notices in the editor: worked out when nobody types, shown among the findings of the file.

While a statement is being written it does not parse either; so what cannot be parsed is looked at a second time, by
LibCST, only after a rest.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from testlsp.lsp.findings import SOURCE, items_json
from testlsp.lsp.places import range_json

if TYPE_CHECKING:
    from testlsp.lsp.session import Session
    from testlsp.project.snapshot import FileState

CODE = "newer-python"


class Notices:
    """Knows which open documents have any."""

    def __init__(self, session: Session) -> None:
        """Speak to the client of *session*."""
        self.session = session
        self._paths: set[str] = set()

    async def look(self) -> None:
        """Look at what does not parse in open documents, and tell what is found."""
        from testlsp.ide import notices

        project = self.session.project
        for path, document in list(project.documents.items()):
            if document.state is None or document.stale or not document.state.linted:
                continue
            found = False
            for statement in notices.unsure(document.state):
                found |= notices.look(statement)
                await asyncio.sleep(0)
            if found and path in project.documents:
                self._paths.add(path)
                self.session.publishing.affected([path])

    def items(self, state: FileState) -> str:
        """Return the findings of *state*, and the notices, as a JSON array of diagnostics."""
        items = items_json(state, self.session.client)
        if state.path not in self._paths:
            return items
        from testlsp.ide.notices import notices

        unit = self.session.client.unit
        found = [
            json.dumps(
                {
                    "range": range_json(state.lines, notice.range, unit),
                    "severity": 3,
                    "source": SOURCE,
                    "code": CODE,
                    "message": notice.message,
                }
            )
            for notice in notices(state)
        ]
        if not found:
            self._paths.discard(state.path)
        return f"[{','.join(filter(None, (items[1:-1], *found)))}]"
