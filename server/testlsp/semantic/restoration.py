"""What puts process state back.

A write is harmless when something undoes it: a ``finally``, the part of a fixture behind its ``yield``, ``addCleanup``,
a context manager or decorator such as ``patch.dict``, a tear-down hook, or a fixture up the closure. When it cannot be
told whether a context manager or clean-up restores the state, the answer is yes: an unknown is no finding.
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from typing import TYPE_CHECKING

from testlsp.semantic.bases import has_unknown_base, methods_named
from testlsp.semantic.cleanup import (
    CLEANUP_REGISTRARS,
    TEARDOWNS,
    RestoredBy,
    cleanup_name,
    cleanup_place,
    names_variable,
    restores_as_context,
    runs_elsewhere,
    speaks_of,
    telling_cleanup,
    tells,
)
from testlsp.semantic.effects import NAMED, Effect, EffectKind, dotted_text, effects_of
from testlsp.semantic.functions import Function
from testlsp.semantic.knobs import KNOBS, SEEDS, goes_back
from testlsp.semantic.loggers import LOGGER_METHODS
from testlsp.semantic.model import SemanticModel
from testlsp.semantic.names import dotted
from testlsp.semantic.order import is_last_act
from testlsp.semantic.patches import is_patched
from testlsp.semantic.restores import restored_resources
from testlsp.text.named import NamedTuple

if TYPE_CHECKING:
    from testlsp.semantic.graph import FixtureGraph

__all__ = ["Restoration", "RestoredBy", "restoration"]


class Restoration(NamedTuple):
    """How an effect is undone; *effects* are the restoring ones, as far as they are effects of the same function."""

    by: RestoredBy
    effects: tuple[Effect, ...] = ()
    fixture: str | None = None


def restoration(effect: Effect, model: SemanticModel, graph: FixtureGraph | None = None) -> Restoration | None:
    """Return what undoes *effect*, None when nothing known does.

    Without *graph* the fixtures of other files are not considered.
    """
    function = effect.function
    place = cleanup_place(function, effect.node, model)
    if place is not None:
        return Restoration(RestoredBy.CLEANUP_ITSELF)
    if _in_restoring_with(effect, model):
        return Restoration(RestoredBy.CONTEXT)
    if _decorated(effect, model):
        return Restoration(RestoredBy.DECORATOR)
    if is_patched(effect, model):
        return Restoration(RestoredBy.PATCH)
    undone = [other for other in _effects_around(function, model) if other is not effect and _undoes(other, effect)]
    for other in undone:
        by = cleanup_place(other.function, other.node, model)
        if by is not None:
            return Restoration(by, (other,))
    if _owner_in_cleanup(effect, model) or telling_cleanup(function, effect.kind.resource, model):
        return Restoration(RestoredBy.FINALLY)
    if _registered(effect, model):
        return Restoration(RestoredBy.CALLBACK)
    if _hook_restores(effect, model):
        return Restoration(RestoredBy.HOOK)
    if runs_elsewhere(function):
        return Restoration(RestoredBy.ELSEWHERE)
    if effect.kind.resource == "os.environ" and has_unknown_base(function.outermost, model):
        return Restoration(RestoredBy.UNKNOWN)
    fixture = _fixture_restores(effect, model, graph)
    if fixture is not None:
        return Restoration(RestoredBy.FIXTURE, (), fixture)
    later = tuple(other for other in undone if other.function is function and other.position > effect.position)
    if any(_puts_back(other, effect, model) for other in later):
        return Restoration(RestoredBy.LATER, later)
    return None


_DELETES = frozenset({"delitem", "pop", "delattr", "clear", "remove"})


def _puts_back(other: Effect, effect: Effect, model: SemanticModel) -> bool:
    if effect.kind.resource == "os.environ":
        return other.method in _DELETES and effect.method in {"setitem", "assign", "setattr"}
    if other.kind is EffectKind.CWD and _is_saved_directory(other):
        return True
    if effect.kind in NAMED and isinstance(other.value, ast.Name | ast.Attribute):
        return True
    if effect.kind in NAMED and goes_back(other.method, other.value):
        return True
    if other.kind is EffectKind.MODULE_ATTR and _is_opposite(other.value, effect.value):
        return True
    if effect.method in _DELETES:
        return other.method not in _DELETES and is_last_act(other, model)
    return other.method in _DELETES or is_last_act(other, model)


def _is_opposite(first: ast.expr | None, second: ast.expr | None) -> bool:
    """Whether a flag is switched on and off."""
    values = [node.value for node in (first, second) if isinstance(node, ast.Constant)]
    return (
        len(values) == 2 and isinstance(values[0], bool) and isinstance(values[1], bool) and values[0] is not values[1]
    )


def _is_saved_directory(effect: Effect) -> bool:
    """Whether ``os.chdir(old)`` goes back to where ``old = os.getcwd()`` found it."""
    if not isinstance(effect.value, ast.Name):
        return False
    return any(
        isinstance(assign, ast.Assign)
        and dotted_text(assign.value).rpartition(".")[2] in {"getcwd", "cwd"}
        and any(isinstance(target, ast.Name) and target.id == effect.value.id for target in assign.targets)
        for assign in effect.function.bag.get(ast.Assign, ())
    )


def _owner_in_cleanup(effect: Effect, model: SemanticModel) -> bool:
    """Whether clean-up code of this function has to do with the changed object: ``finally: config.reset()``."""
    if effect.kind is not EffectKind.MODULE_ATTR or effect.target is None:
        return False
    owner = effect.target.rpartition(".")[0]
    function = effect.function
    if ast.Try not in function.bag and not function.bag.get(ast.Yield):
        return False
    return any(
        model.qualified_name(node, function) == owner and cleanup_place(function, node, model) is not None
        for node_type in (ast.Name, ast.Attribute)
        for node in function.bag.get(node_type, ())
    )


def _effects_around(function: Function, model: SemanticModel) -> list[Effect]:
    """Return the effects of *function*, of the functions around it and of those nested in it."""
    found = list(effects_of(function, model))
    outer = function.parent
    while outer is not None:
        found += effects_of(outer, model)
        for sibling in outer.nested:
            if sibling is not function:
                found += effects_of(sibling, model)
        outer = outer.parent
    for nested in function.nested:
        found += effects_of(nested, model)
    return found


def _undoes(other: Effect, effect: Effect) -> bool:
    """Whether *other* concerns the state that *effect* changed: the same key or attribute, or all of it."""
    if other.kind is EffectKind.SYS_ATTR and other.target == effect.kind.resource:
        return True  # ``sys.modules = before``
    if effect.kind is EffectKind.CONTAINER and other.kind is EffectKind.MODULE_ATTR:
        return other.target == effect.target  # ``module.NAMES = before``
    if other.kind.resource != effect.kind.resource:
        return False
    if effect.kind in {EffectKind.MODULE_ATTR, EffectKind.SYS_ATTR}:
        return other.target == effect.target
    if effect.kind in NAMED and other.target != effect.target:
        return False
    if effect.kind is EffectKind.PATCH_START:
        return False
    if effect.kind in {EffectKind.CWD, EffectKind.SYS_PATH}:
        return True
    if (
        effect.kind is EffectKind.OVERRIDE
        and None not in {other.target, effect.target}
        and other.target != effect.target
    ):
        return False
    if other.key is None or effect.key is None:
        return True
    if effect.kind is EffectKind.OVERRIDE and _settled(other) and _settled(effect):
        return other.key_dump == effect.key_dump
    return other.key_dump == effect.key_dump or not (_literal(other.key) and _literal(effect.key))


def _settled(effect: Effect) -> bool:
    """Whether the key is a name that means one thing: a function or class, not the variable of a loop."""
    root = dotted(effect.key)
    if root is None:
        return False
    binding = effect.function.locals.get(root.partition(".")[0])
    return binding is None or binding.kind in {"function", "import"}


def _literal(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant)


def _in_restoring_with(effect: Effect, model: SemanticModel) -> bool:
    function: Function | None = effect.function
    node: ast.AST = effect.node
    while function is not None:
        parents = function.parents
        current = parents.get(node)
        while current is not None:
            if isinstance(current, ast.With | ast.AsyncWith):
                if any(
                    restores_as_context(item.context_expr, effect.kind.resource, function, model)
                    or names_variable(item.context_expr, effect)
                    or _own_context_restores(item.context_expr, effect, function, model)
                    for item in current.items
                ):
                    return True
            current = parents.get(current)
        if function.parent is None or function.node is None:
            return False
        node, function = function.node, function.parent
    return False


def _own_context_restores(expression: ast.expr, effect: Effect, function: Function, model: SemanticModel) -> bool:
    """Whether the context manager *expression* is a generator of this file that puts the state back when it ends."""
    called = model.called(expression, function) if isinstance(expression, ast.Call) else None
    return called is not None and called.is_generator and _is_among(restored_resources(called, model), effect)


def _decorated(effect: Effect, model: SemanticModel) -> bool:
    outer = effect.function.outermost
    if outer.node is None:
        return False
    decorators: list[ast.expr] = list(outer.node.decorator_list)
    info = outer.class_info
    while info is not None:
        decorators += info.node.decorator_list
        info = info.parent
    return any(
        restores_as_context(decorator, effect.kind.resource, None, model) or names_variable(decorator, effect)
        for decorator in decorators
        if outer.fixture is None or decorator is not outer.fixture.node
    )


_SETUPS = ("setUp", "setup_method", "asyncSetUp", "setUpClass")


def _registered(effect: Effect, model: SemanticModel) -> bool:
    """Whether a clean-up is registered that names the resource, or that is a callable nobody can look into."""
    outer = effect.function.outermost
    functions = [effect.function, outer, *methods_named(_SETUPS, outer, model)]
    for function in functions:
        for call in function.bag.get(ast.Call, ()):
            assert isinstance(call, ast.Call)
            func = call.func
            if isinstance(func, ast.Attribute) and func.attr in CLEANUP_REGISTRARS and call.args:
                if _callback_restores(call, effect, function, model):
                    return True
    return False


def _callback_restores(call: ast.Call, effect: Effect, function: Function, model: SemanticModel) -> bool:
    resource = effect.kind.resource
    if resource == "os.environ" and _of_another_key(call, effect):
        return False
    for node in (inner for argument in call.args for inner in ast.walk(argument)):
        if isinstance(node, ast.Attribute | ast.Name):
            name = model.qualified_name(node, function) or ""
            if (
                name == resource
                or name.startswith(f"{resource}.")
                or (resource == "cwd" and name in {"os.chdir", "os.fchdir"})
            ):
                return True
            if isinstance(node, ast.Attribute) and node.attr == resource:
                return True
            if resource == "attribute" and name and (effect.target or "").startswith(f"{name}."):
                return True
            if resource == "attribute" and name.startswith((effect.target or "").rpartition(".")[0] + "."):
                return True
            if name == "builtins.setattr" and resource == "attribute":
                return True
            if effect.kind in NAMED and _is_about(node, name, effect):
                return True
            if resource == "os.environ" and name in {"os.putenv", "os.unsetenv"}:
                return True
    callback = call.args[0]
    if isinstance(callback, ast.Name | ast.Attribute):
        text = dotted_text(callback)
        last = text.rpartition(".")[2]
        return cleanup_name(last) or tells(resource, text)
    return False


def _is_about(node: ast.Attribute | ast.Name, name: str, effect: Effect) -> bool:
    """Whether *node*, in a registered clean-up, is the function that turns the knob back, or the container."""
    if effect.kind is EffectKind.CONTAINER:
        return name == effect.target or f".{getattr(node, 'id', '')}" == effect.target
    if effect.kind is EffectKind.LOGGING:
        return name == effect.target or LOGGER_METHODS.get(getattr(node, "attr", "")) is not None
    return (KNOBS.get(name) or SEEDS.get(name)) == effect.target


def _of_another_key(call: ast.Call, effect: Effect) -> bool:
    """Whether ``addCleanup(os.environ.pop, "B", None)`` cleans up another variable than the one that was set."""
    callback = call.args[0]
    if not (isinstance(callback, ast.Attribute) and callback.attr in {"pop", "__delitem__", "__setitem__"}):
        return False
    key = call.args[1] if len(call.args) > 1 else None
    return (
        key is not None
        and effect.key is not None
        and _literal(key)
        and _literal(effect.key)
        and ast.dump(key) != effect.key_dump
    )


def _hook_restores(effect: Effect, model: SemanticModel) -> bool:
    outer = effect.function.outermost
    hooks = [model.function_named(name) for name in ("teardown_function", "teardown_module", "tearDownModule")]
    hooks += methods_named(TEARDOWNS, outer, model)
    return any(
        hook is not None
        and hook is not outer
        and (
            any(_undoes(other, effect) for other in effects_of(hook, model))
            or effect.kind.resource in restored_resources(hook, model)
            or _calls_for(effect.kind.resource, hook, model)
        )
        for hook in hooks
    )


_OF_A_DICT = frozenset(dir(dict)) - {"__exit__"}


def _calls_for(resource: str, hook: Function, model: SemanticModel) -> bool:
    """Whether a tear-down hook calls a method of the resource, of a stand-in for it, or what its name speaks of."""
    if telling_cleanup(hook, resource, model):
        return True
    names = [
        model.qualified_name(call.func, hook) or ""
        for call in hook.bag.get(ast.Call, ())
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
    ]
    return any(name.startswith(f"{resource}.") and name.rpartition(".")[2] not in _OF_A_DICT for name in names)


def _fixture_restores(effect: Effect, model: SemanticModel, graph: FixtureGraph | None) -> str | None:
    """Return the name of a requested or autouse fixture that puts the state back."""
    if graph is None:
        return None
    from testlsp.semantic.graph import Site

    outer = effect.function.outermost
    closure = graph.closure(Site(model.source.path, outer.chain, outer.name))
    own = (model.source.path, outer.chain, outer.name)
    for fixture in closure.active:
        if fixture.function in _PYTESTER and effect.kind.resource in _PYTESTER_RESTORES:
            return fixture.name
        if fixture.identity != own and _is_among(fixture.restores, effect):
            return fixture.name
    if effect.kind.resource in _PYTESTER_RESTORES and not _PYTESTER.isdisjoint(closure.unknown):
        return "pytester"
    unknown = [name for name in closure.unknown if speaks_of(name, effect.kind.resource)]
    if unknown:
        parametrized = graph.marks(Site(model.source.path, outer.chain, outer.name)).direct
        return next((name for name in unknown if name not in parametrized), None)
    return None


def _is_among(restored: Collection[str], effect: Effect) -> bool:
    """Whether the state, or the environment variable as far as it is known, is among *restored*."""
    resource = effect.kind.resource
    named = resource if effect.kind in NAMED else "attribute"
    if not {resource, f"attribute:{effect.target}", f"{named}:{effect.target}"}.isdisjoint(restored):
        return True
    if resource != "os.environ":
        return False
    if effect.key is not None and _literal(effect.key):
        return f"{resource}[{effect.key_dump}]" in restored
    return any(item.startswith("os.environ[") for item in restored)


_PYTESTER = frozenset({"pytester", "testdir"})
# ``Pytester`` takes snapshots of these: https://github.com/pytest-dev/pytest/blob/9.0.0/src/_pytest/pytester.py
_PYTESTER_RESTORES = frozenset({"cwd", "sys.path", "sys.modules"})
