"""One file, parsed in pieces.

A `SourceFile` is a list of top-level statements, each of which parses by itself, so that an edit inside one of them
costs what that one costs. Invariant: a `SourceFile` is a value, parsing never raises, and a broken statement does not
blind the rest of the file. Nothing here knows pytest.
"""

from __future__ import annotations

from testlsp.syntax.source import SourceFile, parse, parsing
from testlsp.syntax.statement import Statement, SyntaxProblem
from testlsp.syntax.tree import CHILD_FIELDS, NodeBag, children, collect, parents_of

__all__ = [
    "CHILD_FIELDS",
    "NodeBag",
    "SourceFile",
    "Statement",
    "SyntaxProblem",
    "children",
    "collect",
    "parents_of",
    "parse",
    "parsing",
]
