"""What a rule gets along with a node: its file, its function, the fixture graph and the settings."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Union

from testlsp.lint.diagnostic import Applicability, Diagnostic, Fix, Related, Rewrite, Severity, Tag
from testlsp.semantic.functions import Function
from testlsp.text import Edit, TextRange

if TYPE_CHECKING:
    from testlsp.config.settings import Settings
    from testlsp.lint.rule import Rule
    from testlsp.semantic.graph import FixtureGraph
    from testlsp.semantic.model import SemanticModel
    from testlsp.syntax import SourceFile, Statement

GraphSource = Union["FixtureGraph", Callable[[], "FixtureGraph"], None]
"""The fixture graph, or what makes it on demand: many files never ask."""

Located = ast.expr | ast.stmt | ast.arg | ast.keyword | ast.excepthandler | ast.alias


class Context:
    """One per statement and run; ``function`` and ``rule`` change as the walk goes on.

    ``used_graph`` tells the cache whether the findings depend on other files.
    """

    __slots__ = (
        "_graph",
        "diagnostics",
        "function",
        "model",
        "path",
        "rule",
        "settings",
        "source",
        "statement",
        "used_graph",
    )

    function: Function
    rule: Rule

    def __init__(
        self, source: SourceFile, model: SemanticModel, graph: GraphSource, settings: Settings, statement: Statement
    ) -> None:
        """Prepare for linting *statement* of *source*; *graph* may be a function that makes it when it is asked for."""
        self.source = source
        self.path = source.path
        self.model = model
        self._graph = graph
        self.settings = settings
        self.statement = statement
        self.diagnostics: list[Diagnostic] = []
        self.used_graph = False

    @property
    def graph(self) -> FixtureGraph | None:
        """The fixture graph, None while it is not known yet; asking makes the findings depend on other files."""
        self.used_graph = True
        return self._graph() if callable(self._graph) else self._graph

    def report(
        self,
        where: Located | TextRange,
        message: str | None = None,
        *,
        fixes: Iterable[Fix] = (),
        related: Iterable[Related] = (),
        severity: Severity | None = None,
        tags: Iterable[Tag] = (),
    ) -> None:
        """Report a finding of the running rule at a node, or at a range in offsets of the statement's text."""
        rule = self.rule
        self.diagnostics.append(
            Diagnostic(
                rule.code,
                rule.name,
                message or rule.message,
                where if isinstance(where, TextRange) else self.statement.range(where),
                severity or rule.severity,
                tuple(fixes),
                tuple(related),
                tuple(tags),
            )
        )

    def qualified_name(self, node: ast.AST | None) -> str | None:
        """Return the dotted name of *node* as seen from the current function; None where unknown."""
        return self.model.qualified_name(node, self.function)

    def source_of(self, node: Located) -> str:
        """Return the text of *node*."""
        return self.statement.source(node)

    def parent(self, node: ast.AST) -> ast.AST | None:
        """Return the node around *node* in the current function."""
        return self.function.parents.get(node)

    def ancestors(self, node: ast.AST) -> list[ast.AST]:
        """Return the nodes around *node*, innermost first, up to the current function."""
        parents, found = self.function.parents, []
        current = parents.get(node)
        while current is not None:
            found.append(current)
            current = parents.get(current)
        return found


def safe(title: str, build: Callable[[], Rewrite | list[Edit]], *, group: str | None = None) -> Fix:
    """Return a fix that keeps what the test means; it is the preferred one."""
    return Fix(title, Applicability.SAFE, _rewrite(build), True, group)


def unsafe(
    title: str, build: Callable[[], Rewrite | list[Edit]], *, preferred: bool = False, group: str | None = None
) -> Fix:
    """Return a fix that can change what the test means or reports."""
    return Fix(title, Applicability.UNSAFE, _rewrite(build), preferred, group)


def manual(title: str, build: Callable[[], Rewrite | list[Edit]], *, group: str | None = None) -> Fix:
    """Return a fix that only a person may apply."""
    return Fix(title, Applicability.MANUAL, _rewrite(build), False, group)


def _rewrite(build: Callable[[], Rewrite | list[Edit]]) -> Callable[[], Rewrite]:
    def made() -> Rewrite:
        result = build()
        return result if isinstance(result, Rewrite) else Rewrite(result)

    return made
