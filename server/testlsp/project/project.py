"""The one owner of mutable state: open documents, what is on disk, settings and summaries.

Changes come in through `Project.apply`; what others see are snapshots. After a keystroke one statement is parsed,
described and linted, and if the summary of the file is what it was, nothing outside of it is touched.

Work that can take long is a generator that stops after each part, between which other changes may come in: `analysing`,
`reading`, `rereading`. What was overtaken by a change is dropped, and begun anew by whoever wants it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Sequence
from time import perf_counter

from testlsp.config.settings import Settings
from testlsp.lint import Rule
from testlsp.lint.run import Crash, FileFindings
from testlsp.project.discovery import is_test_file
from testlsp.project.documents import Change, Closed, Document, Edited, OnDisk, Opened
from testlsp.project.files import FileProblem, read_file
from testlsp.project.linting import FileLint, linting
from testlsp.project.snapshot import FileState, Snapshot
from testlsp.project.summaries import Summaries, model_of, role_of
from testlsp.project.workspace import Folder, Workspace
from testlsp.semantic import FileRole, SemanticModel
from testlsp.semantic.functions import Function
from testlsp.semantic.summary import FileSummary, summarise
from testlsp.syntax import SourceFile, Statement, parsing
from testlsp.syntax.neutral import differ_in_comments
from testlsp.text import LineIndex, TextRange
from testlsp.text.steps import finish


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
        self.unseen: dict[str, None] = {}
        """Documents that changes of others made stale, until somebody sees to them."""
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
            return finish(self.closing(change.path))
        if isinstance(change, OnDisk):
            return finish(self.rereading(change.paths))
        return self._reconfigured(lambda: self.workspace.configure(change.folders, change.loose))

    def _opened(self, change: Opened) -> frozenset[str]:
        """What the document says becomes known when it is analysed."""
        self.documents[change.path] = Document(change.path, change.text, change.version)
        self.summaries.noticed(change.path)
        return frozenset((change.path,))

    def closing(self, path: str) -> Generator[None, None, frozenset[str]]:
        """Do what `apply` does with `Closed`, and stop after each part of the work."""
        self.revision += 1
        self._snapshot = None
        document = self.documents.pop(path)
        self.unseen.pop(path, None)
        if document.source is not None:
            _release(document.source.statements)
        state = document.state
        said = state.text if state is not None and self.summaries.known.get(path) is state.summary else None
        if said is not None and said == self._text_of(path):
            return frozenset()  # what is known of it is what is on disk
        return (yield from self.rereading((path,)))

    def rereading(self, paths: Iterable[str]) -> Generator[None, None, frozenset[str]]:
        """Take note of what *paths* say on disk; return the open documents whose findings may be different now."""
        self.revision += 1
        self._snapshot = None
        paths = list(dict.fromkeys(paths))
        mark = self.revision
        for path in paths:
            self.disk_marks[path] = mark
        affected: set[str] = set()
        for path in paths:
            if path not in self.documents and self.disk_marks[path] == mark:
                affected |= yield from self._reread(path, mark)
                yield
        return frozenset(affected)

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
            document.changes += 1
        self.unseen.update(dict.fromkeys(self.documents))
        return frozenset(self.documents)

    @staticmethod
    def _means_the_same(path: str, before: Settings, after: Settings) -> bool:
        """Whether a file has the same summary under both settings."""
        return before is after or (
            before.pytest.python_functions == after.pytest.python_functions
            and before.pytest.python_classes == after.pytest.python_classes
            and role_of(path, before) is role_of(path, after)
        )

    def _reread(self, path: str, mark: int) -> Generator[None, None, frozenset[str]]:
        """Take note of what *path* says on disk, unless it changes again meanwhile."""
        if not path.endswith(".py"):
            return frozenset()
        before = self.summaries.known.get(path)
        text = self._text_of(path)
        if text is None:
            self.summaries.forget(path)
            return self._others(path) if before is not None else frozenset()
        self.summaries.noticed(path)
        summaries, settings = self.summaries, self.workspace.settings_for(path)
        source = yield from parsing(path, text)
        model = model_of(source, settings, _role(path, settings))
        yield from _described(source, model)
        summary = summarise(source, model)
        if before is not None and before != summary:
            yield from self.preparing()
        if path in self.documents or self.disk_marks[path] != mark or summaries is not self.summaries:
            return frozenset()
        _release(source.statements)
        self._snapshot = None
        summaries.put(path, summary)
        return self._others(path) if before != summary else frozenset()

    def preparing(self) -> Generator[None, None, None]:
        """Make ready for a change of a summary, which asks who depends on it; stop after each part of the work."""
        graph = self.summaries.graph
        while not graph.is_prepared:
            yield from graph.preparing()
            graph = self.summaries.graph

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
                document.changes += 1
                found.append(other)
        self.unseen.update(dict.fromkeys(found))
        return frozenset(found)

    # -- answers -----------------------------------------------------------------------------------------------------

    def analyse(self, path: str) -> tuple[FileState, frozenset[str]]:
        """Bring the open document *path* up to date; also return other documents that its change may have touched.

        Costs what the changed statement costs.
        """
        document = self.documents[path]
        if document.state is not None and not document.stale:
            return document.state, frozenset()
        waiting = self.unseen
        self.unseen = {}
        finish(self.analysing(path))
        others = frozenset(self.unseen)
        self.unseen = {**waiting, **self.unseen}
        assert document.state is not None
        return document.state, others

    def analysing(self, path: str) -> Generator[None, None, bool]:
        """Bring the open document *path* up to date; stop after each part of the work.

        Costs what the changed statement costs. False if it was overtaken by a change: of the text, of the settings, or
        because somebody else did the work.
        """
        document = self.documents[path]
        begun = perf_counter()
        changes, seen, before = document.changes, document.seen, document.state
        lines, version = document.lines, document.version
        summaries, settings = self.summaries, self.workspace.settings_for(path)

        def overtaken() -> bool:
            return (
                document.lines is not lines
                or document.seen != seen
                or self.summaries is not summaries
                or self.documents.get(path) is not document
            )

        base = document.source
        source = yield from self._parsing(document)
        if document.lines is lines:
            document.source, document.pending = source, None
        elif document.source is base:
            document.parsed(source)
        if overtaken():
            return False
        model = _same_but_comments(before, source, settings)
        if model is not None and before is not None and summaries.known.get(path) is before.summary:
            summary = before.summary
        else:
            model = model_of(source, settings, _role(path, settings), document.model)
            document.model = model
            yield from _described(source, model)
            if overtaken():
                return False
            summary = summarise(source, model)
            yield
            if path in summaries.known and summaries.known[path] != summary:
                yield from self.preparing()
                if overtaken():
                    return False
            if summaries.put(path, summary):
                summaries.forget_dependencies()
                self._others(path)
            else:
                summary = summaries.known[path]
        state = yield from self._linting(source, lines, version, model, summary)
        if overtaken():
            return False
        if before is not None:
            _release(before.source.statements, source.statements)
        document.state, document.seen, document.model = state, changes, model
        if state.lint.used_graph and state.graph is not summaries.graph:
            document.changes += 1
        # The first analysis, of all statements, says nothing about what the next one costs.
        document.cost = perf_counter() - begun if before is not None else 0.0
        self._snapshot = None
        return not document.stale

    def _parsing(self, document: Document) -> Generator[None, None, SourceFile]:
        before = document.source
        if before is None:
            return (yield from parsing(document.path, document.lines.text, document.version))
        if document.pending is None:
            return before
        start, end, new = document.pending
        return (yield from before.editing(TextRange(start, end), new, document.version))

    def _linting(
        self, source: SourceFile, lines: LineIndex, version: int | None, model: SemanticModel, summary: FileSummary
    ) -> Generator[None, None, FileState]:
        path = source.path
        settings = self.workspace.settings_for(path)
        selection = self.workspace.selection_for(path)
        linted = self.is_linted(path)
        lint = FileLint()
        graph = self.summaries.graph
        if linted:
            yield from self.summaries.depending(path)
            graph = self.summaries.graph
            lint = yield from linting(source, model, graph, settings, selection)
            for crash in lint.crashes:
                self.crashes.setdefault(crash.code, crash)
        return FileState(source, lines, version, model, summary, settings, selection, lint, linted, graph)

    def is_linted(self, path: str) -> bool:
        """Whether findings in *path* are reported: test files and conftests that nothing excludes."""
        settings = self.workspace.settings_for(path)
        if not os.path.isabs(path):  # a document that was never saved
            return True
        return is_test_file(path, settings) and not settings.excludes(path)

    def read(self, path: str) -> FileState | None:
        """Analyse *path*, which is not open, as it is on disk; None if it cannot be read."""
        return finish(self.reading(path))

    def reading(self, path: str) -> Generator[None, None, FileState | None]:
        """Do what `read` does, and stop after each part of the work."""
        text = self._text_of(path)
        if text is None:
            return None
        settings, mark = self.workspace.settings_for(path), self.disk_marks.get(path)
        source = yield from parsing(path, text)
        model = model_of(source, settings, _role(path, settings))
        yield from _described(source, model)
        summary = summarise(source, model)
        if path not in self.documents and self.disk_marks.get(path) == mark and self.summaries.put(path, summary):
            self.summaries.forget_dependencies()
        return (yield from self._linting(source, LineIndex(text), None, model, summary))

    @staticmethod
    def release(state: FileState) -> None:
        """Take note that nobody needs *state*, a file that is not open, any more."""
        _release(state.source.statements)

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

    def trial(
        self, path: str, known: Iterable[Statement] = ()
    ) -> Callable[[str], Generator[None, None, tuple[SourceFile, FileFindings]]]:
        """Return a function that analyses any text as the content of *path*, stops after each part of the work, and
        remembers nothing of it.
        """
        settings = self.workspace.settings_for(path)
        selection = self.workspace.selection_for(path)
        self.summaries.dependencies(path)
        graph = self.summaries.graph
        last = [tuple(known)]

        def analysing(text: str) -> Generator[None, None, tuple[SourceFile, FileFindings]]:
            source = yield from parsing(path, text, known=last[0])
            last[0] = source.statements
            model = model_of(source, settings, _role(path, settings))
            yield from _described(source, model)
            summary = summarise(source, model)
            if graph.summaries.get(path) != summary:
                yield from graph.preparing()
            lint = yield from linting(source, model, graph.with_summary(path, summary), settings, selection)
            return source, lint.findings(source)

        return analysing

    def lint(self, path: str) -> FileState | None:
        """Return the state of *path*, open or not."""
        return self.analyse(path)[0] if path in self.documents else self.read(path)

    def snapshot(self) -> Snapshot:
        """Return the present state; documents are brought up to date first."""
        if self._snapshot is None or any(document.stale for document in self.documents.values()):
            files = {path: self.analyse(path)[0] for path in list(self.documents)}
            self._snapshot = Snapshot(self.revision, files, self.summaries.graph, self.reading, self.trial)
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


def _described(source: SourceFile, model: SemanticModel) -> Generator[None, None, None]:
    """Describe the functions of *source*, which most of a summary's cost is, and stop after each new statement."""
    names, shared = model.names, model.shared
    for statement in source.statements:
        kept = statement.memo.get("functions")
        if kept is None or kept[0] is not names or kept[3] is not shared:
            for function in model.functions_of(statement):
                function.bag  # noqa: B018 - asks for it, and it is kept
            yield


_NO_FUNCTIONS: tuple[object, object, tuple[Function, ...]] = (None, None, ())


def _release(before: Iterable[Statement], after: Iterable[Statement] = ()) -> None:
    """Cut the circles that keep the statements of *before* that are not in *after* alive: collecting them is dear."""
    kept = set(map(id, after))
    for statement in before:
        if id(statement) not in kept:
            for function in statement.memo.get("functions", _NO_FUNCTIONS)[2]:
                function.release()
            statement.memo.clear()
