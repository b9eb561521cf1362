"""What is changed by writing an attribute of something imported.

An imported name can be a module, an object that everybody shares, a class, a test double, or a stand-in for an object
of the current request or thread. Only the name tells, since nothing is imported here; where it tells nothing, the
answer is "not shared".
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from testlsp.semantic.effects import Effect
from testlsp.semantic.names import dotted
from testlsp.text.patterns import pattern

if TYPE_CHECKING:
    from typing import TypeGuard

    from testlsp.semantic.model import SemanticModel

_MOCK_ATTRIBUTES = frozenset(
    "return_value side_effect called call_count call_args call_args_list method_calls mock_calls wraps".split()
)
"""Attributes that only a mock has: https://docs.python.org/3/library/unittest.mock.html#the-mock-class"""

_DOUBLE = pattern(r"mock|fake|stub|dummy|(^|_)(spy|double)(_|$)", re.IGNORECASE)
_CLASS = pattern(r"_*[A-Z](?:[A-Za-z0-9]*[a-z][A-Za-z0-9]*|[A-Z0-9]{0,3})$")
"""``CapWords`` (PEP 8), and short capitals such as ``URL``, which can be a class as well as a constant."""

_PER_CONTEXT_NAMES = frozenset(
    {"g", "request", "session", "ctx", "context", "local", "_local", "thread_local", "_thread_local"}
)
"""Proxies and thread-locals: what is written there belongs to one request, one thread or one test."""

_RESET_BY_THE_RUNNER = frozenset({"django.core.mail.outbox"})
"""``SimpleTestCase._pre_setup`` of Django makes it anew for each test."""

_CACHES = pattern(r"^_|cache|instance|registry|singleton|calls|counter|count$|state", re.IGNORECASE)


def is_shared(effect: Effect) -> bool:
    """Whether the attribute that *effect* changes belongs to an imported module or object that other tests see."""
    *owner, attribute = (effect.target or "").lstrip(".").split(".")
    if not owner or owner[:2] == ["unittest", "mock"] or owner[0] in {"mock", "pytest_mock"}:
        return False
    if attribute in _MOCK_ATTRIBUTES or not _MOCK_ATTRIBUTES.isdisjoint(owner):
        return False
    if _is_rebound(effect):
        return False
    if any(_CLASS.match(part) or _DOUBLE.search(part) for part in _behind_the_module(effect, owner)):
        return False
    if owner[-1] in _PER_CONTEXT_NAMES and owner != ["urllib", "request"]:
        return False
    return effect.target not in _RESET_BY_THE_RUNNER


def _behind_the_module(effect: Effect, owner: list[str]) -> list[str]:
    """Return the parts of *owner* that may be no module: ``demo`` where ``from IPython.lib import demo`` was imported.

    What is imported without a dot in its name is a module: ``import IPython``.
    """
    if (effect.target or "").startswith("."):
        return owner
    written = (dotted(effect.container) or "").count(".") + 1
    return owner[max(1, len(owner) - written) :]


def is_class_attribute(effect: Effect) -> bool:
    """Whether *effect* changes an attribute of an imported class itself: ``Order.send``, not ``Order.objects.get``."""
    *owner, attribute = (effect.target or "").lstrip(".").split(".")
    if len(owner) < 2 or owner[0] in {"unittest", "mock", "pytest_mock"} or attribute in _MOCK_ATTRIBUTES:
        return False
    if _is_rebound(effect) or any(_DOUBLE.search(part) for part in owner):
        return False
    return _CLASS.match(owner[-1]) is not None and not owner[-1].isupper()


def _is_rebound(effect: Effect) -> bool:
    """Whether the function gives the imported name a new meaning: ``global app``."""
    root = (dotted(effect.container) or "").partition(".")[0]
    return any(root in getattr(node, "names", ()) for node in effect.function.bag.get(ast.Global, ()))


def is_reset(effect: Effect) -> bool:
    """Whether a cache or counter is emptied so that the test starts afresh: it leaves less behind, not more."""
    attribute = (effect.target or "").rpartition(".")[2]
    if effect.method == "delattr":
        return not attribute.isupper()
    return _is_empty(effect.value) and _CACHES.search(attribute) is not None


def _is_empty(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Constant):
        return value.value in (None, 0, "") and value.value is not False
    if isinstance(value, ast.List | ast.Tuple | ast.Set):
        return not value.elts
    if isinstance(value, ast.Dict):
        return not value.keys
    if not isinstance(value, ast.Call) or value.args or value.keywords:
        return False
    return isinstance(value.func, ast.Name) and value.func.id in {"dict", "list", "set", "tuple"}


def is_original(effect: Effect, model: SemanticModel) -> bool:
    """Whether the attribute gets back what it was when the file was imported: ``send = Order.send`` at module level."""
    return effect.target is not None and model.qualified_name(effect.value, effect.function) == effect.target


def is_test_mode(effect: Effect) -> bool:
    """Whether a flag such as ``app.testing`` is switched on, which is meant for the whole run."""
    return (effect.target or "").rpartition(".")[2].lower() in {"testing", "propagate_exceptions"}


def is_asserted_otherwise(effect: Effect) -> bool:
    """Whether the function asserts that the attribute has become something else: the code under test replaces it."""
    if effect.value is None or effect.container is None:
        return False
    attribute, owner = (effect.target or "").rpartition(".")[2], ast.dump(effect.container)
    value, parents = ast.dump(effect.value), effect.function.parents
    for node in effect.function.bag.get(ast.Attribute, ()):
        assert isinstance(node, ast.Attribute)
        if (
            node.attr != attribute
            or node.ctx.__class__ is not ast.Load
            or (node.lineno, node.col_offset) < effect.position
        ):
            continue
        statement: ast.AST | None = parents.get(node)
        if isinstance(statement, ast.Attribute) and statement.attr.startswith("assert"):
            continue  # ``uuid.uuid4.assert_called_once()`` is about what was put there
        while isinstance(statement, ast.expr):
            statement = parents.get(statement)
        if ast.dump(node.value) == owner and _is_assertion(statement) and value not in ast.dump(statement):
            return True
    return False


def _is_assertion(node: ast.AST | None) -> TypeGuard[ast.AST]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
        return node.value.func.attr.startswith("assert")
    return isinstance(node, ast.Assert)


_STANDARD = frozenset(
    "time.time time.sleep time.monotonic time.perf_counter time.localtime time.gmtime os.getcwd os.getpid "
    "os.listdir os.remove os.unlink os.rename os.replace os.makedirs os.mkdir os.name os.sep os.linesep "
    "os.path.exists os.path.isfile os.path.isdir os.path.join os.path.expanduser os.cpu_count os.system "
    "os.urandom os.kill os.walk os.stat subprocess.run subprocess.Popen subprocess.call subprocess.check_call "
    "subprocess.check_output socket.socket socket.gethostname socket.create_connection socket.getaddrinfo "
    "random.random random.randint random.choice random.shuffle shutil.which shutil.copy shutil.move shutil.rmtree "
    "platform.system platform.machine platform.python_version getpass.getpass getpass.getuser webbrowser.open "
    "urllib.request.urlopen uuid.uuid4 tempfile.tempdir tempfile.gettempdir locale.getlocale "
    "importlib.import_module importlib.reload warnings.warn warnings.showwarning logging.root.handlers "
    "threading.Thread signal.signal json.dumps json.loads pathlib.Path datetime.datetime datetime.date "
    "secrets.token_hex builtins.open builtins.input builtins.print builtins.__import__".split()
)
"""Attributes of the standard library that suites replace; in every Python from 3.10 on, on every platform."""


def surely_exists(effect: Effect) -> bool:
    """Whether the attribute is known to exist: a standard one, or one that the function has read before."""
    if effect.target in _STANDARD or effect.method in {"augment", "delattr"}:
        return True
    if effect.target is None or effect.container is None:
        return False
    attribute = effect.target.rpartition(".")[2]
    owner = ast.dump(effect.container)
    body = effect.function.node.body if effect.function.node is not None else []
    parents = effect.function.parents
    for node in effect.function.bag.get(ast.Attribute, ()):
        assert isinstance(node, ast.Attribute)
        if (
            node.attr != attribute
            or node.ctx.__class__ is not ast.Load
            or (node.lineno, node.col_offset) >= effect.position
        ):
            continue
        statement = parents.get(node)
        while isinstance(statement, ast.expr) and not isinstance(statement, ast.BoolOp | ast.IfExp | ast.Lambda):
            statement = parents.get(statement)
        if isinstance(statement, ast.Assign | ast.Assert) and any(statement is item for item in body):
            if ast.dump(node.value) == owner:
                return True
    return False
