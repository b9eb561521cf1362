"""What code takes for itself under a name that is the same in every process: files, ports, databases.

Only what is written out counts: a path, number or address given literally, or through a variable of the function or
the module that is. Whatever is computed may differ from process to process.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from testlsp.semantic.functions import Function
from testlsp.semantic.given import given_value
from testlsp.semantic.model import SemanticModel
from testlsp.text.named import NamedTuple


class Taken(NamedTuple):
    """Something taken: *node* is the call that does it, *literal* where the name is written.

    *noun* is "file", "folder", "port" or "database"; *name* is shown to people. *relative* says that a path depends on
    the working directory.
    """

    node: ast.Call
    noun: str
    name: str
    literal: ast.expr
    relative: bool = False


_OPENERS = frozenset({"builtins.open", "io.open", "codecs.open", "gzip.open", "bz2.open", "lzma.open", "shelve.open"})
_WRITERS = frozenset({"write_text", "write_bytes", "touch"})
_ENGINES = frozenset(
    {"sqlalchemy.create_engine", "sqlalchemy.ext.asyncio.create_async_engine", "sqlmodel.create_engine"}
)
_COPIES = frozenset({"shutil.copy", "shutil.copy2", "shutil.copyfile", "shutil.copytree", "shutil.move"})
_SERVERS = frozenset("run run_app run_server serve start_server create_server make_server".split())
_LISTENERS = frozenset({"uvicorn.Config", "aiohttp.web.TCPSite"})
_CREATES = r"\s*create\s+database\s+(?:if\s+not\s+exists\s+)?[\"'`]?(?P<name>\w+)"
_LAST = frozenset(
    {
        "bind", "connect", "execute", "mkdir", "makedirs", "open", "Config", "TCPSite", "create_database",
        *_WRITERS, *_SERVERS, *(name.rpartition(".")[2] for name in _ENGINES | _COPIES),
    }
)  # fmt: skip


def taken(function: Function, model: SemanticModel) -> Iterator[Taken]:
    """Yield what *function* itself takes, in document order."""
    for call in function.bag.get(ast.Call, ()):
        assert isinstance(call, ast.Call)
        func = call.func
        last = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
        if last in _LAST or last.endswith("Server"):
            found = _Reader(function, model).read(call, last)
            if found is not None:
                yield found


class _Reader:
    """Reads the calls of one function."""

    def __init__(self, function: Function, model: SemanticModel) -> None:
        self.function = function
        self.model = model

    def read(self, call: ast.Call, last: str) -> Taken | None:
        if any(word.arg is None for word in call.keywords) or any(isinstance(arg, ast.Starred) for arg in call.args):
            return None
        return self._port(call, last) or self._database(call, last) or self._path(call, last)

    # -- ports -------------------------------------------------------------------------------------------------------

    def _port(self, call: ast.Call, last: str) -> Taken | None:
        node: ast.expr | None = None
        address = call.args[0] if call.args else None
        if (last == "bind" or last.endswith("Server")) and isinstance(address, ast.Tuple) and len(address.elts) == 2:
            node = address.elts[1]
        elif last in _SERVERS or last.endswith("Server") or self._name(call.func) in _LISTENERS:
            node = _argument(call, None, "port")
        value = self._value(node)
        number = value.value if isinstance(value, ast.Constant) else None
        if isinstance(number, int) and not isinstance(number, bool) and number > 0 and value is not None:
            return Taken(call, "port", str(number), value)
        return None

    # -- databases ---------------------------------------------------------------------------------------------------

    def _database(self, call: ast.Call, last: str) -> Taken | None:
        name = self._name(call.func)
        if name in _ENGINES:
            return self._address(call, _argument(call, 0, "url"))
        if last == "create_database" and name is not None and name.startswith("sqlalchemy_utils."):
            return self._address(call, _argument(call, 0, "url"))
        if last == "execute" and call.args:
            inner = call.args[0]
            if isinstance(inner, ast.Call) and len(inner.args) == 1:
                inner = inner.args[0]  # text("CREATE DATABASE shop")
            value = self._value(inner)
            text = value.value if isinstance(value, ast.Constant) else None
            found = re.match(_CREATES, text, re.IGNORECASE) if isinstance(text, str) else None
            if found is not None and value is not None:
                return Taken(call, "database", found["name"], value)
        return None

    def _address(self, call: ast.Call, node: ast.expr | None) -> Taken | None:
        """Read ``sqlite:///shop.db``; where a server is, another process may have one of its own."""
        value = self._value(node)
        text = value.value if isinstance(value, ast.Constant) else None
        if not isinstance(text, str) or value is None or not text.startswith("sqlite"):
            return None
        file = text.partition(":///")[2].partition("?")[0]
        if not file or ":memory:" in file or file.startswith("file:"):
            return None
        return Taken(call, "database", file, value, not file.startswith("/"))

    # -- files -------------------------------------------------------------------------------------------------------

    def _path(self, call: ast.Call, last: str) -> Taken | None:
        name = self._name(call.func)
        owner = call.func.value if isinstance(call.func, ast.Attribute) else None
        noun = "file"
        node: ast.expr | None = None
        if name in _OPENERS and _writes(_argument(call, 1, "mode")):
            node = _argument(call, 0, "file")
        elif name == "sqlite3.connect":
            node, noun = _argument(call, 0, "database"), "database"
        elif name in {"os.mkdir", "os.makedirs"} and not _is_true(_argument(call, 2, "exist_ok")):
            node, noun = _argument(call, 0, "name"), "folder"
        elif name in _COPIES:
            node = _argument(call, 1, "dst")
        elif owner is not None and name is None or name is not None and name.startswith("pathlib."):
            if last == "mkdir" and not _is_true(_argument(call, 2, "exist_ok")):
                node, noun = owner, "folder"
            elif last in _WRITERS or (last == "open" and _writes(_argument(call, 0, "mode"))):
                node = owner
            if node is not None and isinstance(self._value(node), ast.Constant):
                return None  # a method of a text is something else
        found = self._place(node)
        if found is None or found[0].startswith("/dev/") or found[0] in {":memory:", ""}:
            return None
        return Taken(call, noun, *found)

    def _place(self, node: ast.expr | None, depth: int = 0) -> tuple[str, ast.expr, bool] | None:
        """Return a path as text, where it is written, and whether it is relative; None when it is computed."""
        value = self._value(node)
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            text = value.value
            return None if text.startswith("file:") else (text, value, not text.startswith(("/", "~")))
        if isinstance(value, ast.Call) and len(value.args) == 1 and not value.keywords:
            name = self._name(value.func)
            if name in {"pathlib.Path", "builtins.str", "os.path.abspath"}:
                return self._place(value.args[0], depth)
        if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Div) and depth < 4:
            end = self._value(value.right)
            if isinstance(end, ast.Constant) and isinstance(end.value, str):
                if self._is_own_folder(value.left):
                    return end.value, value, False
                before = self._place(value.left, depth + 1)
                if before is not None:
                    return f"{before[0].rstrip('/')}/{end.value}", value, before[2]
        return None

    def _is_own_folder(self, node: ast.expr) -> bool:
        """Whether *node* is ``Path(__file__).parent`` or the like, also through a variable of the module."""
        current: ast.expr | None = self._value(node)
        while current is not None:
            if isinstance(current, ast.Call) and isinstance(current.func, ast.Attribute) and not current.args:
                current = current.func.value
            elif isinstance(current, ast.Attribute) and current.attr in {"parent", "resolve", "absolute"}:
                current = current.value
            elif isinstance(current, ast.Subscript):
                current = current.value.value if isinstance(current.value, ast.Attribute) else None
            else:
                break
        return (
            isinstance(current, ast.Call)
            and self._name(current.func) == "pathlib.Path"
            and len(current.args) == 1
            and isinstance(current.args[0], ast.Name)
            and current.args[0].id == "__file__"
        )

    # -- names -------------------------------------------------------------------------------------------------------

    def _name(self, node: ast.expr) -> str | None:
        return self.model.qualified_name(node, self.function)

    def _value(self, node: ast.expr | None) -> ast.expr | None:
        return given_value(node, self.function, self.model)


def _argument(call: ast.Call, position: int | None, name: str) -> ast.expr | None:
    if position is not None and len(call.args) > position:
        return call.args[position]
    return next((word.value for word in call.keywords if word.arg == name), None)


def _writes(mode: ast.expr | None) -> bool:
    """Whether a file is made anew; what is appended to a log may come from several."""
    return isinstance(mode, ast.Constant) and isinstance(mode.value, str) and bool({"w", "x"} & set(mode.value))


def _is_true(node: ast.expr | None) -> bool:
    return node is not None and not (isinstance(node, ast.Constant) and node.value is False)
