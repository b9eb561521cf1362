"""What a function patches with ``monkeypatch``, ``mock.patch`` or ``mocker``, all of which undo what they did.

Whatever else is then done to the patched thing goes with it: ``monkeypatch.chdir`` remembers the directory of the first
call, ``syspath_prepend`` all of ``sys.path``, ``setattr`` the first value
(https://docs.pytest.org/en/stable/reference/reference.html#pytest.MonkeyPatch).
"""

from __future__ import annotations

import ast

from testlsp.semantic.effects import PATCHES, Effect, EffectKind
from testlsp.semantic.functions import Function
from testlsp.semantic.model import SemanticModel
from testlsp.semantic.names import dotted
from testlsp.semantic.order import blocks_around, dominates
from testlsp.text.named import NamedTuple


class Patched(NamedTuple):
    """One thing that *node*, a call, changes and that will be put back.

    *resource* is as in `EffectKind.resource`, for an attribute ``attribute:`` and its dotted name. *key* is the dump of
    the key of a mapping, None for all of it.
    """

    resource: str
    node: ast.Call
    key: str | None = None


_BY_METHOD = frozenset(
    {
        "setattr",
        "delattr",
        "setitem",
        "delitem",
        "setenv",
        "delenv",
        "chdir",
        "syspath_prepend",
        "patch",
        "object",
        "dict",
    }
)


def patches_of(function: Function, model: SemanticModel) -> tuple[Patched, ...]:
    """Return what *function* itself patches, in document order."""
    found: tuple[Patched, ...] | None = function.memo.get("patches")
    if found is None:
        calls = (node for node in function.bag.get(ast.Call, ()) if isinstance(node, ast.Call))
        found = function.memo["patches"] = tuple(
            patched for call in calls if (patched := patched_by(call, function, model)) is not None
        )
    return found


def patched_by(call: ast.Call, function: Function | None, model: SemanticModel) -> Patched | None:
    """Return what *call* patches, None when it patches nothing."""
    func = call.func
    method = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
    if method not in _BY_METHOD:
        return None
    name = model.qualified_name(func, function)
    if method in {"patch", "object"}:
        if name in PATCHES or "mocker" in (dotted(func) or ""):
            target = _attribute(call, function, model, method == "patch")
            return Patched(f"attribute:{target}", call) if target else None
        return None
    if method == "dict":
        if call.args and (name in PATCHES or (dotted(func) or "").endswith("patch.dict")):
            container = _container(call.args[0], function, model)
            return Patched(container, call) if container else None
        return None
    if name is not None or not isinstance(func, ast.Attribute) or not call.args:
        return None  # ``os.chdir`` and the built-in ``setattr`` put nothing back
    if method in {"chdir", "syspath_prepend"}:
        return Patched("cwd" if method == "chdir" else "sys.path", call) if len(call.args) == 1 else None
    if method in {"setenv", "delenv"}:
        return Patched("os.environ", call, ast.dump(call.args[0]))
    if method in {"setattr", "delattr"}:
        target = _attribute(call, function, model, True)
        return Patched(f"attribute:{target}", call) if target else None
    resource = _container(call.args[0], function, model)
    return Patched(resource, call, ast.dump(call.args[1])) if resource and len(call.args) > 1 else None


def _container(node: ast.expr, function: Function | None, model: SemanticModel) -> str | None:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.Attribute) and node.attr == "dependency_overrides":
        return node.attr
    name = model.qualified_name(node, function)
    if name is None and isinstance(node, ast.Name) and not model.is_local(node.id, function):
        return f".{node.id}"  # a variable of the module
    return name


def _attribute(call: ast.Call, function: Function | None, model: SemanticModel, by_text: bool) -> str | None:
    if not call.args:
        return None
    owner, *rest = call.args
    if isinstance(owner, ast.Constant):
        return owner.value if by_text and isinstance(owner.value, str) else None
    name = model.qualified_name(owner, function)
    attribute = rest[0].value if rest and isinstance(rest[0], ast.Constant) else None
    return f"{name}.{attribute}" if name is not None and isinstance(attribute, str) else None


def is_patched(effect: Effect, model: SemanticModel) -> bool:
    """Whether what *effect* changes is patched when it happens, so that it is put back along with the patch."""
    function: Function | None = effect.function
    node: ast.AST = effect.node
    while function is not None:
        covering = [patched.node for patched in patches_of(function, model) if _covers(patched, effect)]
        if any(dominates(function, patch, node) for patch in (*covering, *_either_way(function, covering))):
            return True
        if function.parent is None or function.node is None:
            break
        node, function = function.node, function.parent
    outer = effect.function.outermost
    if any(_covers(patched, effect) for patched in _decorators(outer, model)):
        return True
    return any(_covers(patched, effect) for setup in _setups(outer, model) for patched in patches_of(setup, model))


def is_replaced(target: str, function: Function, model: SemanticModel) -> bool:
    """Whether *function* or a decorator above it puts something else in the place of *target*, a dotted name."""
    patched = (*patches_of(function, model), *_decorators(function, model))
    return any(f"attribute:{target}" == each.resource for each in patched)


def _either_way(function: Function, patches: list[ast.Call]) -> list[ast.If]:
    """Return the conditions that have one of *patches* in either branch, so that one of them runs in any case."""
    if len(patches) < 2:
        return []
    branches = {(block, field) for patch in patches for block, field in blocks_around(function, patch)[:1]}
    return [
        block
        for block, field in branches
        if isinstance(block, ast.If) and field == "body" and (block, "orelse") in branches
    ]


_SETUPS = ("setUp", "asyncSetUp", "setUpClass")


def _setups(outer: Function, model: SemanticModel) -> list[Function]:
    """Return the methods of its ``TestCase`` that run before *outer* and leave their patches on."""
    if not outer.in_unittest or outer.name in _SETUPS:
        return []
    return [method for name in _SETUPS if (method := model.function_named(name, outer.chain)) is not None]


def _decorators(function: Function, model: SemanticModel) -> list[Patched]:
    decorators = list(function.node.decorator_list) if function.node is not None else []
    info = function.class_info
    while info is not None:
        decorators += info.node.decorator_list
        info = info.parent
    calls = [decorator for decorator in decorators if isinstance(decorator, ast.Call)]
    return [patched for call in calls if (patched := patched_by(call, None, model)) is not None]


def _covers(patched: Patched, effect: Effect) -> bool:
    resource = effect.kind.resource
    if resource in {"attribute", "sys"}:
        return patched.resource.startswith("attribute:") and _within(effect.target or "", patched.resource[10:])
    if effect.kind is EffectKind.CONTAINER:
        name = patched.resource.removeprefix("attribute:")
        return _within(effect.target or "", name) and (patched.key is None or patched.key == effect.key_dump)
    if patched.resource == f"attribute:{resource}":
        return True  # ``patch("os.environ", {})``: what is changed is a stand-in
    return patched.resource == resource and (
        patched.key is None or effect.key is None or patched.key == effect.key_dump
    )


def _within(name: str, patched: str) -> bool:
    """Whether *name* is the patched thing or part of it; a relative import may say less of its name."""
    name, patched = f".{name.lstrip('.')}.", f".{patched.lstrip('.')}."
    return patched in name or patched.endswith(name)
