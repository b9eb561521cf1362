"""The one owner of mutable state: open documents, what is on disk, settings and summaries.

Changes come in through `Project.apply`; what others see are snapshots. After a keystroke one statement is parsed,
described and linted, and if the summary of the file is what it was, nothing outside of it is touched.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from time import perf_counter

from testlsp.config.settings import Settings
from testlsp.lint import Rule
from testlsp.lint.run import Crash, FileFindings
from testlsp.project.discovery import is_test_file
from testlsp.project.files import FileProblem, read_file
from testlsp.project.linting import FileLint, lint_source
from testlsp.project.snapshot import FileState, Snapshot
from testlsp.project.summaries import Summaries, model_of, role_of
from testlsp.project.workspace import Folder, Workspace
from testlsp.semantic import FileRole, SemanticModel
from testlsp.semantic.summary import FileSummary, summarise
from testlsp.syntax import SourceFile, Statement, parse
from testlsp.syntax.neutral import differ_in_comments
from testlsp.text import LineIndex, TextRange
from testlsp.text.named import NamedTuple


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

    ``pending`` is the part of that state's text that is different now, as (start, end, new text).
    """

    __slots__ = ("cost", "lines", "path", "pending", "stale", "state", "version")

    def __init__(self, path: str, text: str, version: int) -> None:
        """Hold a document that was not analysed yet."""
        self.path = path
        self.lines = LineIndex(text)
        self.version = version
        self.state: FileState | None = None
        self.pending: tuple[int, int, str] | None = None
        self.stale = True
        self.cost = 0.0

    def edit(self, start: int, end: int, new: str, version: int) -> None:
        """Replace characters of the text as it is now."""
        before = self.lines
        self.lines = before.edited(start, end, new)
        self.version = version
        self.stale = True
        if self.state is None:
            return
        if self.pending is None:
            self.pending = (start, end, new)
            return
        first, last, text = self.pending
        stop = first + len(text)  # where the pending text ends now
        low, high = min(first, start), max(stop, end)
        merged = before.text[low:start] + new + before.text[end:high]
        self.pending = (low, last + max(0, end - stop), merged)


class Project:
    """See the module. Not safe for threads: one event loop owns it."""

    def __init__(self, rules: Sequence[type[Rule]], folders: Sequence[Folder] = ()) -> None:
        """Know nothing yet but *rules* and *folders*."""
        self.workspace = Workspace(rules, folders)
        self.documents: dict[str, Document] = {}
        self.revision = 0
        self.crashes: dict[str, Crash] = {}
        self.disk_marks: dict[str, int] = {}
        """At which revision a file was last seen to change on disk."""
        self.unread: frozenset[str] = frozenset()
        """Files whose summaries were forgotten because settings changed: to be indexed again."""
        self._snapshot: Snapshot | None = None
        self._reset_summaries()

    def _reset_summaries(self) -> None:
        self.summaries = Summaries(self.workspace.settings_for, self._text_of, self._is_there)

    def _text_of(self, path: str) -> str | None:
        document = self.documents.get(path)
        if document is not None:
            return document.lines.text
        try:
            return read_file(path).text
        except FileProblem:
            return None

    def exists(self, path: str) -> bool:
        """Whether *path* is open or a file on disk."""
        return self._is_there(path)

    def _is_there(self, path: str) -> bool:
        return path in self.documents or os.path.isfile(path)

    # -- changes -----------------------------------------------------------------------------------------------------

    def apply(self, change: Change) -> frozenset[str]:
        """Take over *change*; return the open documents whose findings may be different now."""
        self.revision += 1
        self._snapshot = None
        if isinstance(change, Edited):
            self.documents[change.path].edit(change.start, change.end, change.new, change.version)
            return frozenset((change.path,))
        if isinstance(change, Opened):
            return self._opened(change)
        if isinstance(change, Closed):
            return self._closed(change.path)
        if isinstance(change, OnDisk):
            return self._on_disk(change.paths)
        return self._reconfigured(lambda: self.workspace.configure(change.folders, change.loose))

    def _opened(self, change: Opened) -> frozenset[str]:
        document = self.documents[change.path] = Document(change.path, change.text, change.version)
        return frozenset((change.path,)) | self._reread(document.path, change.text)

    def _closed(self, path: str) -> frozenset[str]:
        del self.documents[path]
        return self._on_disk((path,))

    def _on_disk(self, paths: Iterable[str]) -> frozenset[str]:
        affected: frozenset[str] = frozenset()
        for path in dict.fromkeys(paths):
            self.disk_marks[path] = self.revision
            if path not in self.documents:
                affected |= self._reread(path, self._text_of(path))
        return affected

    def refresh_settings(self) -> frozenset[str]:
        """Read configuration files again; return the open documents whose findings may be different now."""
        self.revision += 1
        self._snapshot = None
        return self._reconfigured(self.workspace.refresh)

    def _reconfigured(self, change: Callable[[], None]) -> frozenset[str]:
        """Make *change* to the settings, and forget what followed from those that are different now."""
        paths = (*self.summaries.known, *self.documents)
        before = {path: self.workspace.settings_for(path) for path in paths}
        change()
        if all(self.workspace.settings_for(path) is settings for path, settings in before.items()):
            return frozenset()
        known = self.summaries.known
        self._reset_summaries()
        self.summaries.put_all(
            {
                path: summary
                for path, summary in known.items()
                if path in before and self._means_the_same(path, before[path], self.workspace.settings_for(path))
            }
        )
        self.unread = frozenset(known).difference(self.summaries.known, self.documents)
        for document in self.documents.values():
            document.stale = True
        return frozenset(self.documents)

    @staticmethod
    def _means_the_same(path: str, before: Settings, after: Settings) -> bool:
        """Whether a file has the same summary under both settings."""
        return before is after or (
            before.pytest.python_functions == after.pytest.python_functions
            and before.pytest.python_classes == after.pytest.python_classes
            and role_of(path, before) is role_of(path, after)
        )

    def _reread(self, path: str, text: str | None) -> frozenset[str]:
        """Take note that *path* says *text* now, or is gone; return the open documents that may see a difference."""
        if not path.endswith(".py"):
            return frozenset()
        before = self.summaries.known.get(path)
        known = path in self.summaries.known
        if text is None:
            self.summaries.forget(path)
            return self._others(path) if known else frozenset()
        self.summaries.noticed(path)
        after = self._summarise_text(path, text)
        return self._others(path) if before != after else frozenset()

    def _summarise_text(self, path: str, text: str | None) -> FileSummary | None:
        if text is None:
            self.summaries.forget(path)
            return None
        settings = self.workspace.settings_for(path)
        source = parse(path, text)
        summary = summarise(source, model_of(source, settings, _role(path, settings)))
        self.summaries.put(path, summary)
        return summary

    def put_summaries(self, summaries: dict[str, FileSummary], since: int) -> frozenset[str]:
        """Remember what an index says about files that are not open; return the documents to look at again.

        The index began at the revision *since*: files that changed after that are known better already.
        """
        fresh = {
            path: summary
            for path, summary in summaries.items()
            if path not in self.documents
            and self.disk_marks.get(path, 0) <= since
            and self.summaries.known.get(path) != summary
        }
        if not fresh:
            return frozenset()
        self.revision += 1
        self._snapshot = None
        self.summaries.put_all(fresh)
        return self._others("")

    def _others(self, path: str) -> frozenset[str]:
        """Mark the documents besides *path* whose findings depend on other files, and return them."""
        found = []
        for other, document in self.documents.items():
            if other != path and (document.state is None or document.state.lint.used_graph):
                document.stale = True
                found.append(other)
        return frozenset(found)

    # -- answers -----------------------------------------------------------------------------------------------------

    def analyse(self, path: str) -> tuple[FileState, frozenset[str]]:
        """Bring the open document *path* up to date; also return other documents that its change may have touched.

        Costs what the changed statement costs.
        """
        document = self.documents[path]
        if document.state is not None and not document.stale:
            return document.state, frozenset()
        begun = perf_counter()
        before = document.state
        source = self._source_of(document)
        settings = self.workspace.settings_for(path)
        others: frozenset[str] = frozenset()
        model = _same_but_comments(before, source, settings)
        if model is not None and before is not None and self.summaries.known.get(path) is before.summary:
            summary = before.summary
        else:
            model = model_of(source, settings, _role(path, settings), before.model if before is not None else None)
            summary = summarise(source, model)
            if self.summaries.put(path, summary):
                self.summaries.forget_dependencies()
                others = self._others(path)
            else:
                summary = self.summaries.known[path]
        state = self._linted(source, document.lines, document.version, model, summary)
        document.state = state
        document.pending = None
        document.stale = False
        document.cost = perf_counter() - begun
        self._snapshot = None
        return state, others

    def _source_of(self, document: Document) -> SourceFile:
        before = document.state
        if before is None:
            return parse(document.path, document.lines.text, document.version)
        if document.pending is None:
            return before.source
        start, end, new = document.pending
        return before.source.edited(TextRange(start, end), new, document.version)

    def _linted(
        self, source: SourceFile, lines: LineIndex, version: int | None, model: SemanticModel, summary: FileSummary
    ) -> FileState:
        path = source.path
        settings = self.workspace.settings_for(path)
        selection = self.workspace.selection_for(path)
        linted = self.is_linted(path)
        lint = FileLint()
        if linted:
            self.summaries.dependencies(path)
            lint = lint_source(source, model, self.summaries.graph, settings, selection)
            for crash in lint.crashes:
                self.crashes.setdefault(crash.code, crash)
        return FileState(source, lines, version, model, summary, settings, selection, lint, linted)

    def is_linted(self, path: str) -> bool:
        """Whether findings in *path* are reported: test files and conftests that nothing excludes."""
        settings = self.workspace.settings_for(path)
        if not os.path.isabs(path):  # a document that was never saved
            return True
        return is_test_file(path, settings) and not settings.excludes(path)

    def read(self, path: str, known: Iterable[Statement] = ()) -> FileState | None:
        """Analyse *path*, which is not open, as it is on disk; None if it cannot be read."""
        text = self._text_of(path)
        if text is None:
            return None
        settings = self.workspace.settings_for(path)
        source = parse(path, text, known=known)
        model = model_of(source, settings, _role(path, settings))
        summary = summarise(source, model)
        if self.summaries.put(path, summary):
            self.summaries.forget_dependencies()
        return self._linted(source, LineIndex(text), None, model, summary)

    def stamp(self, path: str, used_graph: bool) -> object:
        """Return what the findings of *path*, which is not open, depend on at present; see `is_current`."""
        return (
            self.workspace.settings_for(path),
            self.disk_marks.get(path, 0),
            self.summaries.graph if used_graph else None,
        )

    def is_current(self, path: str, stamp: object) -> bool:
        """Whether nothing has changed of what findings with that *stamp* depend on."""
        if not isinstance(stamp, tuple):
            return False
        settings, mark, graph = stamp
        return (
            settings is self.workspace.settings_for(path)
            and mark == self.disk_marks.get(path, 0)
            and (graph is None or graph is self.summaries.graph)
        )

    def trial(self, path: str, known: Iterable[Statement] = ()) -> Callable[[str], tuple[SourceFile, FileFindings]]:
        """Return a function that analyses any text as the content of *path* and remembers nothing of it."""
        settings = self.workspace.settings_for(path)
        selection = self.workspace.selection_for(path)
        self.summaries.dependencies(path)
        graph = self.summaries.graph
        last = [tuple(known)]

        def analysed(text: str) -> tuple[SourceFile, FileFindings]:
            source = parse(path, text, known=last[0])
            last[0] = source.statements
            model = model_of(source, settings, _role(path, settings))
            own = graph.with_summary(path, summarise(source, model))
            return source, lint_source(source, model, own, settings, selection).findings(source)

        return analysed

    def lint(self, path: str) -> FileState | None:
        """Return the state of *path*, open or not."""
        return self.analyse(path)[0] if path in self.documents else self.read(path)

    def snapshot(self) -> Snapshot:
        """Return the present state; documents are brought up to date first."""
        if self._snapshot is None or any(document.stale for document in self.documents.values()):
            files = {path: self.analyse(path)[0] for path in list(self.documents)}
            self._snapshot = Snapshot(self.revision, files, self.summaries.graph, self.read, self.trial)
        return self._snapshot


def _same_but_comments(before: FileState | None, source: SourceFile, settings: Settings) -> SemanticModel | None:
    """Return the model of *source* if it says the same as *before*; None if it has to be described anew."""
    if before is None or before.settings is not settings:
        return None
    changed = differ_in_comments(before.source.statements, source.statements)
    if changed is None or any(piece is each for piece in changed for each in before.model.shared):
        return None
    return before.model.with_source(source)


def _role(path: str, settings: Settings) -> FileRole:
    return role_of(path, settings, explicit=not os.path.isabs(path))
