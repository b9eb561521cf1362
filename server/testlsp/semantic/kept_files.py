"""Which files of fixed names the tests of a module write, read and remove; what one leaves there, another may read."""

from __future__ import annotations

import ast

from testlsp.semantic.functions import FileRole, Function, FunctionKind
from testlsp.semantic.model import SemanticModel
from testlsp.text.named import NamedTuple


class FileUse(NamedTuple):
    """The test *name* in the classes *owner* uses the file *path*, as written; *how* is "write", "read" or "remove"."""

    path: str
    how: str
    owner: tuple[str, ...]
    name: str


_WORDS = ("open(", "write_text(", "write_bytes(")
_MOVES = ("chdir", "isolated_filesystem", "pyfakefs", "pytester", "testdir", "monkeypatch.setattr(os", "mock_open")
"""Signs that a relative name means another file in each test, or none at all."""

_METHODS = {
    "write_text": "write",
    "write_bytes": "write",
    "read_text": "read",
    "read_bytes": "read",
    "unlink": "remove",
}
_FUNCTIONS = {"os.remove": "remove", "os.unlink": "remove", "os.rename": "remove", "shutil.move": "remove"}
_PATHS = frozenset({"pathlib.Path", "pathlib.PosixPath"})


def file_uses(model: SemanticModel) -> tuple[FileUse, ...]:
    """Return what the tests of a module do with files of fixed names, in document order."""
    text = model.source.text
    if model.role is not FileRole.TEST_MODULE or not any(word in text for word in _WORDS):
        return ()
    if any(word in text for word in _MOVES):
        return ()
    found = []
    for statement in model.source.statements:
        if statement.body and any(word in statement.text for word in (*_WORDS, "read_", "unlink", "remove")):
            for function in model.functions_of(statement):
                if function.kind is FunctionKind.TEST:
                    found += [
                        FileUse(path, how, function.chain, function.name) for _, path, how in uses_of(function, model)
                    ]
    return tuple(dict.fromkeys(found))


def uses_of(function: Function, model: SemanticModel) -> list[tuple[ast.Call, str, str]]:
    """Return the calls of *function* itself that use a file of a fixed name, each with that name and how."""
    found = []
    for call in function.bag.get(ast.Call, ()):
        assert isinstance(call, ast.Call)
        func = call.func
        if isinstance(func, ast.Attribute) and func.attr in _METHODS and isinstance(func.value, ast.Call):
            path = _literal(func.value) if model.qualified_name(func.value.func, function) in _PATHS else None
            how: str | None = _METHODS[func.attr]
        else:
            name = model.qualified_name(func, function)
            how = _mode(call) if name in {"builtins.open", "io.open"} else _FUNCTIONS.get(name or "")
            path = _literal(call)
        if path is not None and how is not None:
            found.append((call, path, how))
    return found


def _literal(call: ast.Call) -> str | None:
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def _mode(call: ast.Call) -> str | None:
    """Return what ``open`` is called for; None for both reading and writing, or where that cannot be told."""
    given = call.args[1:2] + [keyword.value for keyword in call.keywords if keyword.arg == "mode"]
    mode = given[0].value if given and isinstance(given[0], ast.Constant) else None if given else "r"
    if not isinstance(mode, str) or "+" in mode:
        return None
    return "write" if "w" in mode or "x" in mode else "read" if "a" not in mode else None
