"""One client and one project: the state that all handlers share, and the order in which messages reach it.

Messages about documents that arrive before the rules are loaded wait in line; requests await `Session.ready`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from testlsp.lsp.client import Client, client_of
from testlsp.lsp.options import ServerOptions, split
from testlsp.lsp.places import offset_of, path_of, uri_of
from testlsp.lsp.protocol import Protocol
from testlsp.lsp.status import Status

if TYPE_CHECKING:
    from testlsp.lint import Rule
    from testlsp.lsp.indexing import Indexing
    from testlsp.lsp.lenses import Lenses
    from testlsp.lsp.notices import Notices
    from testlsp.lsp.publishing import Publishing
    from testlsp.lsp.pulling import WorkspaceReports
    from testlsp.lsp.slices import Work
    from testlsp.project.documents import Document
    from testlsp.project.project import Project
    from testlsp.project.snapshot import FileState

log = logging.getLogger("testlsp")

_SETTINGS = (".toml", ".ini", ".cfg")
"""How the names of files that hold settings end. What they say counts when it is saved."""

_START = {"line": 0, "character": 0}
_NO_CHANGE: dict[str, Any] = {"range": {"start": _START, "end": _START}, "text": ""}
"""What an empty list of changes means: the text is the same, its version is not."""


class Session:
    """See the module."""

    def __init__(self, protocol: Protocol) -> None:
        """Serve the client at the other end of *protocol*."""
        self.protocol = protocol
        self.client = Client()
        self.options = ServerOptions()
        self.settings: dict[str, Any] = {}
        self.folder_settings: dict[str, dict[str, Any]] = {}
        self.folders: list[str] = []
        self.uris: dict[str, str] = {}
        self.texts: dict[str, Document] = {}
        """Open files that hold settings: their text as it is in the editor."""
        self.saved: dict[str, int] = {}
        """The versions of open documents that were opened or saved last."""
        self.ready: asyncio.Future[None] | None = None
        self.backlog: list[tuple[str, dict[str, Any]]] = []
        self.rules: tuple[type[Rule], ...] = ()
        self.tasks: set[asyncio.Task[Any]] = set()
        self.project: Project
        self.work: Work
        self.publishing: Publishing
        self.indexing: Indexing
        self.lenses: Lenses
        self.notices: Notices
        self.reports: WorkspaceReports
        self.status = Status(self)
        protocol.heard = self.heard

    # -- life --------------------------------------------------------------------------------------------------------

    def introduce(self, params: types.InitializeParams) -> None:
        """Take note of what the client says of itself."""
        self.client = client_of(params)
        self.ready = asyncio.get_running_loop().create_future()
        folders = [folder.uri for folder in params.workspace_folders or ()]
        if not folders and (params.root_uri or params.root_path):
            folders = [params.root_uri or uri_of(params.root_path or "")]
        self.folders = [path_of(uri) for uri in folders]
        self.configure(params.initialization_options)

    def configure(self, section: object) -> None:
        """Take over the editor's settings; they reach the project when that is told."""
        self.options, self.settings, complaints = split(section)
        log.setLevel({"error": 40, "warning": 30, "info": 20, "debug": 10}[self.options.log_level])
        for complaint in complaints:
            log.warning("editor settings: %s", complaint)

    def begin(self, rules: Sequence[type[Rule]]) -> None:
        """Start working, now that the rules are loaded: what waited in line comes first."""
        from testlsp.lsp.indexing import Indexing
        from testlsp.lsp.lenses import Lenses
        from testlsp.lsp.notices import Notices
        from testlsp.lsp.publishing import Publishing
        from testlsp.lsp.slices import Work
        from testlsp.project.project import Project

        self.rules = tuple(rules)
        self.work = Work(self)
        self.project = Project(rules)
        self.project.apply(self.configured())
        self.publishing = Publishing(self)
        self.lenses = Lenses(self)
        self.notices = Notices(self)
        self.indexing = Indexing(self)
        backlog, self.backlog = self.backlog, []
        assert self.ready is not None
        self.ready.set_result(None)
        for method, params in backlog:
            try:
                self.heard(method, params)
            except Exception:  # a fault of ours with one document must not keep the server from its work
                log.exception("%s failed", method)
        self.publishing.configuration()
        self.indexing.request()
        self.status.tell()

    def configured(self) -> Any:
        """Return the change that tells the project its folders and the editor's settings."""
        from testlsp.project.documents import Configured
        from testlsp.project.workspace import Folder

        folders = tuple(Folder(path, {**self.settings, **self.folder_settings.get(path, {})}) for path in self.folders)
        return Configured(folders, self.settings)

    async def wait_ready(self) -> None:
        """Return when the rules are loaded, which is soon after the start."""
        if self.ready is not None:
            await asyncio.shield(self.ready)

    def fail(self, reason: str) -> None:
        """Answer every request with an error from now on: there are no rules, and never will be."""
        assert self.ready is not None
        self.ready.set_exception(RuntimeError(f"testlsp {reason}"))
        self.ready.exception()  # seen, whether or not somebody asks for anything
        self.backlog = []
        self.status.failed(reason)

    async def wait_current(self) -> None:
        """Return when what the client told is taken in and documents are analysed, so that answers come soon."""
        await self.wait_ready()
        await self.work.everything()

    def spawn(self, work: Any) -> asyncio.Task[Any]:
        """Run the coroutine *work* beside the handlers; what it raises is logged."""
        task: asyncio.Task[Any] = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and task.exception() is not None and not self.protocol.left:
            log.error("background work failed", exc_info=task.exception())

    # -- documents ---------------------------------------------------------------------------------------------------

    def heard(self, method: str, params: dict[str, Any]) -> None:
        """Take a notification about a document."""
        if self.ready is None or not self.ready.done():
            self.backlog.append((method, params))
            return
        if self.ready.exception() is not None:
            return
        {
            types.TEXT_DOCUMENT_DID_CHANGE: self._changed,
            types.TEXT_DOCUMENT_DID_OPEN: self._opened,
            types.TEXT_DOCUMENT_DID_SAVE: self._saved,
            types.TEXT_DOCUMENT_DID_CLOSE: self._closed,
        }[method](params)
        self.lenses.changed()

    def document(self, path: str) -> Document | None:
        """Return the open document *path*, be it Python or a file that holds settings."""
        return self.project.documents.get(path) or self.texts.get(path)

    def is_left_alone(self, path: str) -> bool:
        """Whether findings of the document *path* have to wait until it is saved."""
        document = self.project.documents.get(path)
        return self.options.run == "onSave" and document is not None and document.version != self.saved.get(path)

    def _opened(self, params: dict[str, Any]) -> None:
        document = params["textDocument"]
        uri = document["uri"]
        path = path_of(uri)
        self.uris[path] = uri
        self.saved[path] = document.get("version") or 0
        self._replace(path, document["text"], self.saved[path])
        if path not in self.texts:
            self.publishing.touched(path)

    def _replace(self, path: str, text: str, version: int) -> None:
        """Let *text* be that of the document *path*, whatever it was."""
        from testlsp.project.documents import Document, Edited, Opened
        from testlsp.text import minimal_edit

        known = self.project.documents.get(path)
        if path.endswith(_SETTINGS):
            self.texts[path] = Document(path, text, version)
        elif known is None:
            self.project.apply(Opened(path, text, version))
        else:  # what is the same need not be read again
            edit = minimal_edit(known.lines.text, text)
            start, end, new = (*edit.range, edit.text) if edit is not None else (0, 0, "")
            self.project.apply(Edited(path, start, end, new, version))

    def _changed(self, params: dict[str, Any]) -> None:
        from testlsp.project.documents import Edited

        identifier = params["textDocument"]
        path = path_of(identifier["uri"])
        document = self.document(path)
        if document is None:
            log.warning("a change of %s, which is not open", path)
            return
        version = identifier.get("version")
        version = document.version + 1 if version is None else version
        for change in params["contentChanges"] or (_NO_CHANGE,):
            where = change.get("range")
            document = self.document(path)
            if where is None or document is None:
                self._replace(path, change["text"], version)
                continue
            start = offset_of(document.lines, where["start"], self.client.unit)
            end = offset_of(document.lines, where["end"], self.client.unit)
            start, end = min(start, end), max(start, end)
            if path in self.texts:
                document.edit(start, end, change["text"], version)
            else:
                self.project.apply(Edited(path, start, end, change["text"], version))
        if self.options.run == "onType" and path not in self.texts:
            self.publishing.touched(path)
        if document is not None:
            asyncio.get_running_loop().call_soon(self.work.rest, document)

    def _saved(self, params: dict[str, Any]) -> None:
        path = path_of(params["textDocument"]["uri"])
        document = self.document(path)
        if document is None:
            return
        self.saved[path] = document.version
        if self.options.run == "onSave" and path not in self.texts:
            self.publishing.touched(path)
        self.on_disk([path])

    def _closed(self, params: dict[str, Any]) -> None:
        path = path_of(params["textDocument"]["uri"])
        if self.texts.pop(path, None) is not None or path not in self.project.documents:
            return
        self.publishing.closed(path)
        self.work.soon(self.project.closing(path), self.publishing.affected)

    def on_disk(self, paths: Sequence[str]) -> None:
        """Take note that *paths* changed on disk: Python files, and files that hold settings."""
        from testlsp.project.configuration import WATCHED_NAMES

        known = self.project.workspace.config_files
        if any(path in known or path.rpartition("/")[2] in WATCHED_NAMES for path in paths):
            self.publishing.affected(self.project.refresh_settings())
            self.publishing.configuration()
            self.indexing.request()
        self.work.soon(self.project.rereading(paths), self.publishing.affected)
        self.lenses.changed()
        for path in paths:
            self.indexing.saw(path, self.project.exists(path))

    def state(self, uri: str) -> FileState | None:
        """Return the present state of an open document, None if it is not open."""
        path = path_of(uri)
        return self.project.analyse(path)[0] if path in self.project.documents else None
