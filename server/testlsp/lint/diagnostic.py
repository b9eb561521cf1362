"""Findings and fixes as plain values; no node, no protocol type."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import TYPE_CHECKING

from testlsp.text import Edit, TextRange
from testlsp.text.named import NamedTuple

if TYPE_CHECKING:
    from testlsp.syntax import SourceFile


class Severity(enum.Enum):
    """How loud a finding is; the values are the words used in settings and reports."""

    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"
    HINT = "hint"


class Applicability(enum.IntEnum):
    """How far a fix may be trusted; ordered, so that a threshold is a comparison."""

    MANUAL = 0
    """Offered to a person only: it needs a decision or leaves something to fill in."""
    UNSAFE = 1
    """Right in most places, but it can change what a test means or turn a green test red."""
    SAFE = 2
    """Keeps what the tests mean and every comment; applied by ``--fix`` and on save."""


class Tag(enum.Enum):
    """How an editor may draw the range."""

    UNNECESSARY = "unnecessary"
    DEPRECATED = "deprecated"


class Further(NamedTuple):
    """An edit of another statement, in the file *path*: its place is only known when the fix is built.

    *change* gets that file as it is then, gives edits in its offsets, and may raise `testlsp.rewrite.CannotRewrite`.
    """

    path: str
    change: Callable[[SourceFile], list[Edit]]


class Rewrite(NamedTuple):
    """What a fix does: *edits* in offsets of the statement's text, *imports* to add to the file (``"import pytest"``),
    edits of files that are no Python (*elsewhere*, in file offsets, with their path), and *further* ones, of this file
    or another.
    """

    edits: list[Edit]
    imports: tuple[str, ...] = ()
    elsewhere: tuple[Edit, ...] = ()
    further: tuple[Further, ...] = ()


class Fix(NamedTuple):
    """A rewrite that a finding offers; *build* makes it on demand and may raise `testlsp.rewrite.CannotRewrite`.

    Fixes of equal *group* must not be applied in the same round. *preferred* marks the one that an editor applies with
    its "auto fix" key; only safe fixes and unique repairs are.
    """

    title: str
    applicability: Applicability
    build: Callable[[], Rewrite]
    preferred: bool = False
    group: str | None = None


class Related(NamedTuple):
    """Another place that explains a finding: *range* in offsets of that file's text, None for the file as a whole.

    For a place in another file *symbol* names what to look for, because summaries hold no positions; a shell resolves
    it.
    """

    path: str
    message: str
    range: TextRange | None = None
    symbol: str | None = None


class Diagnostic(NamedTuple):
    """A finding. *range* is in offsets of the statement's text while a rule runs, of the file's text in results.

    *ordinal* tells findings of one rule in one file apart: with the path and the rule's code it is enough to find the
    finding again in the same version of the text.
    """

    code: str
    name: str
    message: str
    range: TextRange
    severity: Severity
    fixes: tuple[Fix, ...] = ()
    related: tuple[Related, ...] = ()
    tags: tuple[Tag, ...] = ()
    ordinal: int = 0

    def shifted(self, distance: int) -> Diagnostic:
        """Return this finding with its range moved by *distance* characters."""
        return self._replace(range=self.range.shifted(distance))
