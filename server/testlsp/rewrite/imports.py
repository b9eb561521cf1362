"""Add an import to a file."""

from __future__ import annotations

import ast
import re

from testlsp.rewrite.layout import newline_of
from testlsp.rewrite.refusal import CannotRewrite
from testlsp.syntax import SourceFile, Statement
from testlsp.text import Edit, TextRange
from testlsp.text.named import NamedTuple

_FIRST_COMMENTS = re.compile(r"(?:[ \t\f]*#[^\r\n]*(?:\r\n|\n|\r))+")
_BLANK_ROWS = re.compile(r"(?:[ \t\f]*(?:\r\n|\n|\r))*")


class _Binding(NamedTuple):
    """``import module`` or ``from module import member``, bound to *name*; under another name, ``module as``."""

    name: str
    module: str
    member: str | None


def ensure_import(source_file: SourceFile, wanted: str) -> list[Edit]:
    """Return the edit, in offsets of the file, that imports *wanted*; nothing when the file does so unconditionally.

    *wanted* is ``"pytest"``, ``"import a.b"``, ``"import a as b"`` or ``"from a import b [as c]"``. The new line
    stands behind the first run of imports, else behind the docstring, else at the top, below its comments. Raises
    `CannotRewrite` when the name means something else in this file.
    """
    line = wanted if wanted.startswith(("import ", "from ")) else f"import {wanted}"
    [node] = ast.parse(line).body
    binding = _bindings(node)[0]
    for statement in source_file.statements:
        for child in statement.body:
            found = _bindings(child)
            if binding in found:
                return []
            if binding.name in {other.name for other in found} and not _same_package(binding, found):
                raise CannotRewrite(f"{binding.name} is imported from elsewhere")
            if binding.name in _assigned(child):
                raise CannotRewrite(f"{binding.name} is defined in this file")
    return [_insertion(source_file, line)]


def _same_package(binding: _Binding, found: list[_Binding]) -> bool:
    """Whether all imports of this name bind the same package, as ``import os`` and ``import os.path`` do."""
    return binding.member is None and all(
        other.member is None
        and " " not in other.module + binding.module
        and other.module.split(".")[0] == binding.module.split(".")[0]
        for other in found
        if other.name == binding.name
    )


def _bindings(node: ast.stmt) -> list[_Binding]:
    if isinstance(node, ast.Import):
        found = []
        for alias in node.names:
            parts = alias.name.split(".")
            if alias.asname and alias.asname != alias.name:
                found.append(_Binding(alias.asname, f"{alias.name} as", None))
            else:  # packages on the way to a module are imported with it, and the first of them is bound
                found += [_Binding(parts[0], ".".join(parts[:end]), None) for end in range(len(parts), 0, -1)]
        return found
    if isinstance(node, ast.ImportFrom):
        module = "." * node.level + (node.module or "")
        return [_Binding(alias.asname or alias.name, module, alias.name) for alias in node.names]
    return []


def _assigned(node: ast.stmt) -> list[str]:
    """Return the names that *node* itself binds, imports aside."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _is_docstring(statement: Statement) -> bool:
    first = statement.body[0] if statement.body else None
    return isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)


def _insertion(source_file: SourceFile, line: str) -> Edit:
    text, statements = source_file.text, source_file.statements
    newline = newline_of(text)
    anchor, plain = -1, False
    for index, statement in enumerate(statements):
        if statement.body and all(isinstance(child, ast.Import | ast.ImportFrom) for child in statement.body):
            anchor = index
            plain = plain or not any(getattr(child, "module", "") == "__future__" for child in statement.body)
        elif anchor >= 0 or not (index == 0 and _is_docstring(statement)):
            if anchor >= 0 or not _imports_follow(statements, index):
                break
    if anchor >= 0:
        offset = source_file.starts[anchor] + len(statements[anchor].text)
        return _at(text, offset, line, newline, "" if plain else newline)
    if statements and _is_docstring(statements[0]):
        return _at(text, len(statements[0].text), line, newline, newline)
    comments = _FIRST_COMMENTS.match(text)
    offset = _below_comments(text, comments.end()) if comments else 0
    return _at(text, offset, line, newline, "")


def _imports_follow(statements: tuple[Statement, ...], index: int) -> bool:
    """Whether an import comes later at the top level, so that the first run of imports is yet to be found."""
    return any(
        isinstance(child, ast.Import | ast.ImportFrom) for later in statements[index + 1 :] for child in later.body
    )


def _below_comments(text: str, end: int) -> int:
    """Return where code may begin below the first comments: behind the blank line after them, if one follows."""
    blank = _BLANK_ROWS.match(text, end)
    return blank.end() if blank else end


def _at(text: str, offset: int, line: str, newline: str, before: str) -> Edit:
    """Return the insertion of *line* at the line start *offset*, with a blank line behind it when code follows."""
    if offset and not text[:offset].endswith(("\n", "\r")):
        return Edit(TextRange(offset, offset), newline + before + line)
    blank = _BLANK_ROWS.match(text, offset)
    rest = text[blank.end() if blank else offset :]
    has_blank = bool(blank and blank.end() > offset)
    behind = "" if not rest or has_blank or (not before and _directly_behind_imports(text, offset)) else newline
    return Edit(TextRange(offset, offset), before + line + newline + behind)


def _directly_behind_imports(text: str, offset: int) -> bool:
    """Whether code already follows the imports without a blank line, which is then how this file is written."""
    return text[:offset].rstrip().rpartition("\n")[2].lstrip().startswith(("import ", "from ", ")"))
