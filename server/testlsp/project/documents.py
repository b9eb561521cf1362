"""What an editor tells of its documents, and a document as the project keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testlsp.text import LineIndex, minimal_edit
from testlsp.text.named import NamedTuple

if TYPE_CHECKING:
    from testlsp.project.snapshot import FileState
    from testlsp.project.workspace import Folder
    from testlsp.semantic import SemanticModel
    from testlsp.syntax import SourceFile


class Opened(NamedTuple):
    """The editor opened *path*, whose content is *text* from now on, whatever is on disk."""

    path: str
    text: str
    version: int


class Edited(NamedTuple):
    """The editor replaced ``text[start:end]`` of *path* by *new*; *version* is that of the result."""

    path: str
    start: int
    end: int
    new: str
    version: int


class Closed(NamedTuple):
    """The editor closed *path*; what is on disk counts again."""

    path: str


class OnDisk(NamedTuple):
    """*paths* were created, changed or deleted on disk."""

    paths: tuple[str, ...]


class Configured(NamedTuple):
    """The folders, or the editor's settings for them, are different now; *loose* are those for other files."""

    folders: tuple[Folder, ...]
    loose: dict[str, object] | None = None


Change = Opened | Edited | Closed | OnDisk | Configured


class Document:
    """An open file: its text now, and the last state that was analysed.

    ``source`` is the last text that was parsed, and ``pending`` the part of it that is different now, as (start, end,
    new text); ``model`` is the last one that was made. ``changes`` counts what may have made the state untrue, ``seen``
    is that count when the last analysis began.
    """

    __slots__ = ("changes", "cost", "lines", "model", "path", "pending", "seen", "source", "state", "version")

    def __init__(self, path: str, text: str, version: int) -> None:
        """Hold a document that was not analysed yet."""
        self.path = path
        self.lines = LineIndex(text)
        self.version = version
        self.source: SourceFile | None = None
        self.model: SemanticModel | None = None
        self.state: FileState | None = None
        self.pending: tuple[int, int, str] | None = None
        self.changes = 1
        self.seen = 0
        self.cost = 0.0

    @property
    def stale(self) -> bool:
        """Whether the state may be untrue."""
        return self.seen != self.changes

    def edit(self, start: int, end: int, new: str, version: int) -> None:
        """Replace characters of the text as it is now."""
        before = self.lines
        self.lines = before.edited(start, end, new)
        self.version = version
        self.changes += 1
        if self.source is None:
            return
        if self.pending is None:
            self.pending = (start, end, new)
            return
        first, last, text = self.pending
        stop = first + len(text)  # where the pending text ends now
        low, high = min(first, start), max(stop, end)
        merged = before.text[low:start] + new + before.text[end:high]
        self.pending = (low, last + max(0, end - stop), merged)

    def rest(self) -> None:
        """Put the texts together that the next edit will ask for."""
        self.lines.text  # noqa: B018 - kept when asked for
        if self.source is not None:
            self.source.text  # noqa: B018

    def parsed(self, source: SourceFile) -> None:
        """Take over the parse of this text, or of one that edits have left behind meanwhile."""
        self.source = source
        edit = minimal_edit(source.text, self.lines.text) if source.text != self.lines.text else None
        self.pending = (*edit.range, edit.text) if edit is not None else None
