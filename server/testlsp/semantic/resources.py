"""Things that must be given back: what acquires them, and what gives them back.

The table is narrow on purpose. Left out is what the garbage collector puts right without a word (``StringIO``, an
SQLite database in memory, temporary files that delete themselves) and what is harmless by its documentation
(``TestClient(app)`` without ``with``).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from testlsp.semantic.functions import Function
from testlsp.semantic.model import SemanticModel
from testlsp.text.named import NamedTuple


class Resource(NamedTuple):
    """A kind of resource: *noun* for messages and new variables, *release* the lines that give ``{name}`` back.

    *lasting* says that it outlives the last reference to it, as a process or a folder does. *imports* are what the
    lines need. *trusted* says that these lines are right for every use of it.
    """

    noun: str
    release: tuple[str, ...]
    lasting: bool = False
    imports: tuple[str, ...] = ()
    trusted: bool = True


class Acquisition(NamedTuple):
    """A call that acquires a *resource*; *name* is the local it is bound to, None when the value goes elsewhere."""

    call: ast.Call
    resource: Resource
    name: str | None
    statement: ast.stmt | None


_FILE = Resource("file", ("{name}.close()",))
_CONNECTION = Resource("connection", ("{name}.close()",))
_ASYNC_CONNECTION = Resource("connection", ("await {name}.close()",))
_SESSION = Resource("session", ("await {name}.close()",))
_SOCKET = Resource("socket", ("{name}.close()",))
_SERVER = Resource("server", ("{name}.server_close()",))
_PROCESS = Resource("process", ("{name}.terminate()", "{name}.wait()"), lasting=True)
_ASYNC_PROCESS = Resource("process", ("{name}.terminate()", "await {name}.wait()"), lasting=True)
_CHILD = Resource("process", ("{name}.terminate()", "{name}.join()"), lasting=True)
_POOL = Resource("pool", ("{name}.terminate()", "{name}.join()"))
_FOLDER = Resource("folder", ("shutil.rmtree({name})",), lasting=True, imports=("import shutil",))
_LOOP = Resource("loop", ("{name}.close()",))
_BROWSER = Resource("browser", ("{name}.quit()",), lasting=True)
_THREAD = Resource("thread", ("{name}.join()",), lasting=True, trusted=False)
_TIMER = Resource("timer", ("{name}.cancel()",), lasting=True)
_STARTED = Resource("server", ("{name}.stop()",), lasting=True, trusted=False)

_CALLS: dict[str, Resource] = {
    **dict.fromkeys(
        "builtins.open io.open codecs.open gzip.open bz2.open lzma.open tarfile.open shelve.open".split(), _FILE
    ),
    "zipfile.ZipFile": _FILE,
    **dict.fromkeys(
        "sqlite3.connect psycopg.connect psycopg2.connect pymysql.connect MySQLdb.connect mysql.connector.connect "
        "pyodbc.connect oracledb.connect smtplib.SMTP smtplib.SMTP_SSL ftplib.FTP imaplib.IMAP4".split(),
        _CONNECTION,
    ),
    **dict.fromkeys("asyncpg.connect aiosqlite.connect aiomysql.connect".split(), _ASYNC_CONNECTION),
    "aiohttp.ClientSession": _SESSION,
    **dict.fromkeys("socket.socket socket.create_connection socket.create_server".split(), _SOCKET),
    **dict.fromkeys(
        "http.server.HTTPServer http.server.ThreadingHTTPServer socketserver.TCPServer socketserver.ThreadingTCPServer "
        "socketserver.UDPServer wsgiref.simple_server.make_server".split(),
        _SERVER,
    ),
    "subprocess.Popen": _PROCESS,
    **dict.fromkeys(("asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell"), _ASYNC_PROCESS),
    "multiprocessing.Pool": _POOL,
    "tempfile.mkdtemp": _FOLDER,
    "asyncio.new_event_loop": _LOOP,
    **dict.fromkeys(
        [f"selenium.webdriver.{name}" for name in ("Chrome", "Edge", "Firefox", "Remote", "Safari")], _BROWSER
    ),
}
_STARTING: dict[str, Resource] = {
    "threading.Thread": _THREAD,
    "threading.Timer": _TIMER,
    "multiprocessing.Process": _CHILD,
}
_LAST = frozenset(name.rpartition(".")[2] for name in (*_CALLS, *_STARTING))
_STARTED_ENDINGS = ("Server", "Container")
ACQUIRING = tuple(sorted(_LAST | set(_STARTED_ENDINGS)))
"""Words of which a text holds one if anything in it is known to acquire something."""

RELEASES = frozenset(
    "close aclose terminate kill stop shutdown join quit cancel disconnect dispose wait communicate server_close "
    "unlink cleanup __exit__ __aexit__ wait_closed release rmtree".split()
)
"""Names of methods and functions that give something back."""


def acquisitions(function: Function, model: SemanticModel) -> Iterator[Acquisition]:
    """Yield what *function* itself acquires and what the table knows, in document order."""
    started: set[str] | None = None
    for node in function.bag.get(ast.Call, ()):
        assert isinstance(node, ast.Call)
        func = node.func
        last = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
        if last not in _LAST and not last.endswith(_STARTED_ENDINGS):
            continue
        name = model.qualified_name(func, function)
        resource = _CALLS.get(name or "")
        needs_start = resource is None
        if resource is None:
            resource = _STARTING.get(name or "")
        if resource is None and last.endswith(_STARTED_ENDINGS) and name is not None:
            resource = _STARTED
        if resource is None or _is_harmless(node, name or ""):
            continue
        bound, statement = _binding(node, function)
        if needs_start:
            if started is None:
                started = _started(function)
            if bound not in started:
                continue
        yield Acquisition(node, resource, bound, statement)


def _is_harmless(call: ast.Call, name: str) -> bool:
    """Whether nothing outside the process notices, or whether the thing ends with the process."""
    if name == "sqlite3.connect":
        first = (
            call.args[0] if call.args else next((word.value for word in call.keywords if word.arg == "database"), None)
        )
        return isinstance(first, ast.Constant) and first.value in {":memory:", ""}
    if name == "builtins.open":
        return any(isinstance(argument, ast.Attribute) and argument.attr == "devnull" for argument in call.args)
    return False


def _binding(call: ast.Call, function: Function) -> tuple[str | None, ast.stmt | None]:
    """Return the local that a call's value is bound to, and the statement whose whole value it is."""
    parents = function.parents
    parent = parents.get(call)
    if isinstance(parent, ast.Await):
        parent = parents.get(parent)
    if isinstance(parent, ast.Assign) and len(parent.targets) == 1 and isinstance(parent.targets[0], ast.Name):
        return parent.targets[0].id, parent
    if isinstance(parent, ast.AnnAssign) and isinstance(parent.target, ast.Name):
        return parent.target.id, parent
    if isinstance(parent, ast.Return | ast.Expr):
        return None, parent
    if isinstance(parent, ast.Yield):
        above = parents.get(parent)
        return None, above if isinstance(above, ast.Expr) else None
    return None, None


def _started(function: Function) -> set[str]:
    """Return the locals on which ``start`` is called."""
    return {
        node.func.value.id
        for node in function.bag.get(ast.Call, ())
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "start"
        and isinstance(node.func.value, ast.Name)
    }


def speaks_of_release(function: Function, name: str) -> bool:
    """Whether *function*, or one inside it, gives *name* back in any way, a ``with`` included."""
    for current in function.within():
        for node in current.bag.get(ast.Attribute, ()):
            assert isinstance(node, ast.Attribute)
            if node.attr in RELEASES and _mentions(node.value, name):
                return True
        for kind in (ast.With, ast.AsyncWith):
            for block in current.bag.get(kind, ()):
                if any(_mentions(item.context_expr, name) for item in getattr(block, "items", ())):
                    return True
    return False


def _mentions(node: ast.AST, name: str) -> bool:
    return any(isinstance(inner, ast.Name) and inner.id == name for inner in ast.walk(node))
