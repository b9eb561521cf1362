"""Where things are cleaned up: ``finally``, behind a ``yield``, tear-down hooks, callbacks, contexts.

This looks at places and names only; what is undone there is the business of `testlsp.semantic.restoration`.
"""

from __future__ import annotations

import ast
import enum

from testlsp.semantic.effects import Effect, dotted_text
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.model import SemanticModel
from testlsp.semantic.order import blocks_around, position
from testlsp.text.patterns import pattern


class RestoredBy(enum.Enum):
    """The means by which state is put back, from the surest on."""

    CLEANUP_ITSELF = "is itself the clean-up"
    CONTEXT = "context manager"
    DECORATOR = "decorator"
    FINALLY = "finally"
    TEARDOWN = "code behind the yield"
    CALLBACK = "registered clean-up"
    HOOK = "tear-down hook"
    FIXTURE = "fixture"
    PATCH = "a patch of the same thing"
    ELSEWHERE = "the end of the other process that it happens in"
    UNKNOWN = "possibly a base class that is not known"
    LATER = "a later statement, unless the test fails before"


CLEANUP_REGISTRARS = frozenset(
    {"addCleanup", "addfinalizer", "addClassCleanup", "callback", "addModuleCleanup", "push", "register"}
)
TEARDOWNS = frozenset(
    "tearDown tearDownClass asyncTearDown teardown_method teardown_class teardown_function teardown_module "
    "tearDownModule teardown".split()
)
# Words in the name of a context manager or decorator of unknown origin that make it likely to restore the resource.
TELLING = {
    "os.environ": ("env",),
    "cwd": ("chdir", "cwd", "dir", "isolat", "pushd", "path"),
    "sys.path": ("path", "import", "isolat"),
    "sys.modules": ("module", "import", "isolat"),
    "dependency_overrides": ("override", "dep"),
    "attribute": ("patch", "swap", "replace", "override", "setting", "config", "preserve", "restore", "setattr"),
    "sys": ("argv", "stdout", "stderr", "stdin", "redirect", "captur", "isolat", "patch", "swap", "replace"),
    "patch": ("patch",),
    "knob": tuple(
        "localcontext decimal errstate printoptions option_context locale timezone tz umask signal recursion gc_ "
        "trace policy loop".split()
    ),
    "seed": ("seed", "random", "rng"),
    "logging": ("log", "handler", "level"),
    "container": tuple("patch swap replace override setting config preserve restore registry registr".split()),
}
_NO_ENVIRONMENT = pattern(r"virtualenv|venv|envelop")
_TOO_COMMON = frozenset({"knob", "seed", "logging", "container"})
"""Resources whose words stand in many names that are about something else."""
_TEMPORARY_THING = pattern(r"temporar(y|ily)_?(?=file|dir|folder|path)")
"""Speaks of something that is gone in the end, not of what is put back."""
_ALWAYS_TELLING = ("preserve", "restor", "snapshot", "sandbox", "saved_", "save_", "temporar", "clean")


def tells(resource: str, text: str) -> bool:
    """Whether the words of *text*, a dotted name in lower case, speak of *resource*."""
    if resource == "os.environ":
        text = _NO_ENVIRONMENT.sub("", text)
    return any(word in text for word in TELLING.get(resource, ()))


def cleanup_place(function: Function, node: ast.AST, model: SemanticModel) -> RestoredBy | None:
    """Return why code at *node* counts as clean-up, None when it does not."""
    if function.kind is FunctionKind.XUNIT and function.name in TEARDOWNS:
        return RestoredBy.HOOK
    if function.kind is FunctionKind.NESTED and function.parent is not None:
        if _is_registered_by_name(function, function.parent) or function.name in {"__exit__", "__aexit__", *TEARDOWNS}:
            return RestoredBy.CALLBACK
        if cleanup_name(function.name):
            return RestoredBy.CALLBACK
    parents = function.parents
    child, parent = node, parents.get(node)
    while parent is not None:
        if isinstance(parent, ast.Try) and child in parent.finalbody:
            return RestoredBy.FINALLY
        if isinstance(parent, ast.Lambda):
            return RestoredBy.CALLBACK  # runs later, if ever: not something this function does
        child, parent = parent, parents.get(parent)
    if behind_yield(function, node):
        return RestoredBy.TEARDOWN
    return None


def cleanup_name(name: str) -> bool:
    """Whether a function of that name cleans up."""
    lowered = name.lower().lstrip("_")
    return lowered in {"fin", "final"} or lowered.startswith(_NAMES)


def only_resets(function: Function) -> bool:
    """Whether a fixture does nothing else than bring back what every test is to begin with: ``reset_options``."""
    return function.fixture is not None and not function.is_generator and cleanup_name(function.name)


_NAMES = ("restore", "cleanup", "clean_up", "teardown", "tear_down", "reset", "undo", "unset", "finali", "finish")


def behind_yield(function: Function, node: ast.AST) -> bool:
    """Whether *node* stands behind a ``yield`` of *function*, and not in another branch of the same condition."""
    before = [other for other in function.bag.get(ast.Yield, ()) if position(other) < position(node)]
    if not before:
        return False
    around: dict[ast.AST, str] = {
        block: field for block, field in blocks_around(function, node) if isinstance(block, ast.If)
    }
    return any(
        all(around.get(block, field) == field for block, field in blocks_around(function, other)) for other in before
    )


def _is_registered_by_name(function: Function, outer: Function) -> bool:
    for call in outer.bag.get(ast.Call, ()):
        assert isinstance(call, ast.Call)
        if isinstance(call.func, ast.Attribute) and call.func.attr in CLEANUP_REGISTRARS:
            if any(isinstance(argument, ast.Name) and argument.id == function.name for argument in call.args):
                return True
    return False


def restores_as_context(expression: ast.expr, resource: str, function: Function | None, model: SemanticModel) -> bool:
    """Whether the context manager (or decorator) *expression* puts *resource* back when it is left.

    One of unknown origin counts when its name speaks of the resource.
    """
    call = expression if isinstance(expression, ast.Call) else None
    name = model.qualified_name(call.func if call else expression, function) or ""
    if name in {"unittest.mock.patch.dict", "mock.patch.dict"}:
        return call is not None and bool(call.args) and _names_resource(call.args[0], resource, function, model)
    if name in {"pytest.raises", "pytest.warns", "contextlib.suppress", "builtins.open", "pytest.MonkeyPatch.context"}:
        return False
    if name.startswith(("unittest.mock.", "mock.", "tempfile.")):
        return False
    text = _TEMPORARY_THING.sub("", dotted_text(expression))
    return tells(resource, text) or any(word in text for word in _ALWAYS_TELLING)


def names_variable(expression: ast.expr, effect: Effect) -> bool:
    """Whether a context manager or decorator bears the name of the variable that changes: ``run_with_tz``, ``TZ``."""
    key = effect.literal_key
    if key is None or effect.kind.resource != "os.environ":
        return False
    return key.lower() in dotted_text(expression).replace(".", "_").split("_")


def _names_resource(node: ast.expr, resource: str, function: Function | None, model: SemanticModel) -> bool:
    if isinstance(node, ast.Constant):
        return node.value == resource
    if isinstance(node, ast.Attribute) and node.attr == resource:
        return True
    return model.qualified_name(node, function) == resource


def telling_cleanup(function: Function, resource: str, model: SemanticModel) -> bool:
    """Whether clean-up code calls something whose name speaks of *resource*: ``reset_env()``."""
    outer = function.outermost
    scopes = [function] if outer is function else [function, outer]
    for scope in scopes:
        if ast.Try not in scope.bag and ast.Yield not in scope.bag and scope.name not in TEARDOWNS:
            continue
        for call in scope.bag.get(ast.Call, ()):
            assert isinstance(call, ast.Call)
            text = dotted_text(call)
            if text.rpartition(".")[0].endswith((resource, "dependency_overrides")):
                continue  # ``app.dependency_overrides.pop(key)`` is an effect, told apart by its key
            if text.endswith(".cache_clear"):
                continue  # ``build.env.find_tool.cache_clear()``
            if tells(resource, text) and cleanup_place(scope, call, model) is not None:
                name = model.qualified_name(call.func, scope) or ""
                if not name.startswith(("os.", "sys.", "builtins.")):
                    return True
    return False


def runs_elsewhere(function: Function) -> bool:
    """Whether *function* runs in another process.

    It does under ``@run_in_subprocess`` or ``@pytest.mark.forked``, and when it is nested and handed to one:
    ``Process(target=f)``, ``preexec_fn=f``.
    """
    outer = function.outermost.node
    for decorator in outer.decorator_list if outer is not None else ():
        if any(word in dotted_text(decorator) for word in ("process", "fork", "isolate")):
            return True
    if function.parent is None:
        return False
    for keyword in function.parent.bag.get(ast.keyword, ()):
        assert isinstance(keyword, ast.keyword)
        if keyword.arg in {"target", "preexec_fn"} and isinstance(keyword.value, ast.Name):
            call = function.parent.parents.get(keyword)
            if keyword.value.id == function.name and (
                keyword.arg == "preexec_fn" or "process" in dotted_text(_expr(call))
            ):
                return True
    return False


def _expr(node: ast.AST | None) -> ast.expr | None:
    return node if isinstance(node, ast.expr) else None


def speaks_of(name: str, resource: str) -> bool:
    """Whether a fixture of unknown origin seems to be about *resource*."""
    lowered = name.lower()
    if tells(resource, lowered):
        return True
    if any(tells(other, lowered) for other in TELLING if other not in _TOO_COMMON):
        return False  # ``clean_environ`` is about something else
    return any(word in lowered for word in _ALWAYS_TELLING)
