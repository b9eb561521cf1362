"""One state of the project that never changes: what editor features ask."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping

from testlsp.config.settings import Settings
from testlsp.lint.run import FileFindings
from testlsp.project.linting import FileLint
from testlsp.project.rules import Selection
from testlsp.semantic import SemanticModel
from testlsp.semantic.graph import FixtureGraph
from testlsp.semantic.summary import FileSummary
from testlsp.syntax import SourceFile, Statement
from testlsp.text import LineIndex
from testlsp.text.steps import finish

Trial = Callable[
    [str, "tuple[Statement, ...]"], Callable[[str], "Generator[None, None, tuple[SourceFile, FileFindings]]"]
]


class FileState:
    """One version of one file with all that was worked out about it. Treat it as a value.

    *linted* is false for files that are no test files, which are read for what they define and not judged.
    """

    __slots__ = (
        "_findings",
        "graph",
        "lines",
        "lint",
        "linted",
        "model",
        "selection",
        "settings",
        "source",
        "summary",
        "version",
    )

    def __init__(
        self,
        source: SourceFile,
        lines: LineIndex,
        version: int | None,
        model: SemanticModel,
        summary: FileSummary,
        settings: Settings,
        selection: Selection,
        lint: FileLint,
        linted: bool,
        graph: FixtureGraph,
    ) -> None:
        """Hold one version of a file; *version* is the editor's number, None for a file on disk.

        *graph* is the one that the findings were made with.
        """
        self.source = source
        self.lines = lines
        self.version = version
        self.model = model
        self.summary = summary
        self.settings = settings
        self.selection = selection
        self.lint = lint
        self.linted = linted
        self.graph = graph
        self._findings: FileFindings | None = None

    @property
    def path(self) -> str:
        """The absolute path."""
        return self.source.path

    @property
    def text(self) -> str:
        """The text of this version."""
        return self.source.text

    @property
    def findings(self) -> FileFindings:
        """The findings in offsets of the file, sorted and numbered; worked out when first asked for."""
        if self._findings is None:
            self._findings = self.lint.findings(self.source)
        return self._findings


class Snapshot:
    """The project at one *revision*. Files that are not open are read when somebody asks for them."""

    __slots__ = ("_closed", "_reading", "files", "graph", "revision", "trial")

    def __init__(
        self,
        revision: int,
        files: Mapping[str, FileState],
        graph: FixtureGraph,
        reading: Callable[[str], Generator[None, None, FileState | None]],
        trial: Trial,
    ) -> None:
        """Hold the open *files*; *reading* analyses one that is not open, or gives None if there is none.

        *trial* gives, for a path, what analyses other texts of it without remembering them.
        """
        self.revision = revision
        self.files = files
        self.graph = graph
        self._reading = reading
        self.trial = trial
        self._closed: dict[str, FileState | None] = {}

    def file(self, path: str) -> FileState | None:
        """Return the state of *path*, open or not."""
        return finish(self.reading(path))

    def reading(self, path: str) -> Generator[None, None, FileState | None]:
        """Do what `file` does, and stop after each part of the work."""
        found = self.files.get(path)
        if found is None:
            if path not in self._closed:
                self._closed[path] = yield from self._reading(path)
            found = self._closed[path]
        return found

    def lint(self, path: str) -> FileFindings:
        """Return the findings in *path*, none if it cannot be read."""
        found = self.file(path)
        return found.findings if found is not None else FileFindings((), (), (), ())

    def source(self, path: str) -> SourceFile | None:
        """Return the parsed text of *path*, None if it cannot be read."""
        found = self.file(path)
        return found.source if found is not None else None

    def model(self, path: str) -> SemanticModel | None:
        """Return the model of *path*, None if it cannot be read."""
        found = self.file(path)
        return found.model if found is not None else None
