"""Puts back, into a suite that is careful, the faults that testlsp mends: a change of process state that nobody undoes.

What a suite does through `monkeypatch` is done directly instead, as people do who do not know it. Such a suite depends
on its order, and fixing it must make it independent again.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

# What stands for a call of `monkeypatch`, by method and number of arguments.
DIRECTLY = {
    ("setenv", 2): "os.environ[{0}] = {1}",
    ("delenv", 1): "del os.environ[{0}]",
    ("delenv raising", 1): "os.environ.pop({0}, None)",
    ("chdir", 1): "os.chdir({0})",
    ("syspath_prepend", 1): "sys.path.insert(0, str({0}))",
    ("setitem", 3): "{0}[{1}] = {2}",
}


def seed(folder: Path) -> int:
    """Rewrite the tests below *folder* and return how many statements were changed."""
    count = 0
    for path in sorted(folder.rglob("*.py")):
        if path.name.startswith("test_") or path.name == "conftest.py":
            text = path.read_text(encoding="utf-8")
            seeded, changed = seeded_text(text)
            if changed:
                path.write_text(seeded, encoding="utf-8")
                count += changed
    return count


def seeded_text(text: str) -> tuple[str, int]:
    """Return *text* with its faults, and how many there are."""
    tree = ast.parse(text)
    lines = text.encode().splitlines(keepends=True)
    changed = 0
    for statement in reversed(list(_patches(tree))):
        call = statement.value
        assert isinstance(call, ast.Call)
        direct = _direct(call, text)
        if direct is None or statement.end_lineno is None or statement.end_col_offset is None:
            continue
        first, last = statement.lineno - 1, statement.end_lineno - 1
        before = lines[first][: statement.col_offset]
        behind = lines[last][statement.end_col_offset :]
        lines[first : last + 1] = [before + direct.encode() + behind]
        changed += 1
    if changed:
        imports = (node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom)) and not _future(node))
        place = next(imports, tree.body[0])
        lines[place.lineno - 1 : place.lineno - 1] = [b"import os\n", b"import sys\n"]
    return b"".join(lines).decode(), changed


def _patches(tree: ast.Module) -> Iterator[ast.Expr]:
    """Yield the statements that are a call of a method of `monkeypatch`, in order of the text."""
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Attribute)
        and isinstance(node.value.func.value, ast.Name)
        and node.value.func.value.id == "monkeypatch"
    ]
    return iter(sorted(found, key=lambda node: node.lineno))


def _direct(call: ast.Call, text: str) -> str | None:
    """Return what does the same as *call* and is not undone."""
    assert isinstance(call.func, ast.Attribute)
    arguments = [ast.get_source_segment(text, argument) or "" for argument in call.args]
    if call.func.attr == "setattr" and not call.keywords and len(arguments) == 3:
        name = call.args[1]
        if isinstance(call.args[0], (ast.Name, ast.Attribute)) and isinstance(name, ast.Constant):
            return f"{arguments[0]}.{name.value} = {arguments[2]}"
        return None
    raising = " raising" if [keyword.arg for keyword in call.keywords] == ["raising"] else ""
    if call.keywords and not raising:
        return None
    form = DIRECTLY.get((call.func.attr + raising, len(arguments)))
    return None if form is None else form.format(*arguments)


def _future(node: ast.Import | ast.ImportFrom) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"
