"""Where the name of a function or class stands."""

from __future__ import annotations

import ast

from testlsp.syntax import Statement
from testlsp.text import TextRange


def name_of(statement: Statement, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> TextRange:
    """Return the range of the name behind ``def`` or ``class``, in offsets of the text of *statement*."""
    keyword = "class" if isinstance(node, ast.ClassDef) else "def"
    start = statement.text.index(keyword, statement.range(node).start) + len(keyword)
    place = statement.text.index(node.name, start)
    return TextRange(place, place + len(node.name))
