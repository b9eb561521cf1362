"""Learning what the files of the workspace define, without holding up the one that is being edited."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from testlsp.lsp.session import Session


class Indexing:
    """Runs over the workspace once after the start, and again when settings change."""

    def __init__(self, session: Session) -> None:
        """Index for *session*."""
        self.session = session

    def request(self) -> None:
        """Index soon."""
