"""What the tests of a class share through it: lists, dicts and sets made in the class body, and who changes them.

pytest and unittest make an instance for each test, but the class body is executed once; what ``self.items`` finds there
is one object for all tests.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from testlsp.semantic.functions import Function
from testlsp.semantic.mutation import CHANGING_METHODS
from testlsp.text.named import NamedTuple


class ClassChange(NamedTuple):
    """A change in place, at *node*, of what the class holds under *name*; *removes* when it takes something away."""

    node: ast.stmt | ast.expr
    name: str
    removes: bool


_MAKERS = frozenset({"list", "dict", "set", "defaultdict", "OrderedDict", "Counter", "deque"})
_REMOVING = frozenset({"pop", "popitem", "popleft", "remove", "discard", "clear"})


def containers(node: ast.ClassDef) -> dict[str, ast.Assign | ast.AnnAssign]:
    """Return the statements of a class body that make a list, dict or set, by name.

    Left out is what is bound more than once there, and what is declared as a ``ClassVar``: it is shared on purpose.
    """
    found: dict[str, ast.Assign | ast.AnnAssign] = {}
    seen: set[str] = set()
    for child in node.body:
        target: ast.expr | None = None
        if isinstance(child, ast.Assign) and len(child.targets) == 1:
            target = child.targets[0]
        elif isinstance(child, ast.AnnAssign):
            target = child.target
        if not isinstance(target, ast.Name) or not isinstance(child, ast.Assign | ast.AnnAssign):
            continue
        declared = isinstance(child, ast.AnnAssign) and "ClassVar" in ast.unparse(child.annotation)
        if target.id in seen or declared or not _makes_container(child.value):
            found.pop(target.id, None)
        else:
            found[target.id] = child
        seen.add(target.id)
    return found


def _makes_container(value: ast.expr | None) -> bool:
    if isinstance(value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp):
        return True
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in _MAKERS


def class_changes(function: Function, names: frozenset[str]) -> Iterator[ClassChange]:
    """Yield the changes that the method *function* itself makes to the containers *names* of its class."""
    owners = _owners(function)

    def named(node: ast.expr) -> str | None:
        held = isinstance(node, ast.Attribute) and node.attr in names and _is_owner(node.value, owners)
        return node.attr if held and isinstance(node, ast.Attribute) else None

    for kind in (ast.Assign, ast.AugAssign, ast.Delete):
        for node in function.bag.get(kind, ()):
            assert isinstance(node, ast.Assign | ast.AugAssign | ast.Delete)
            targets = [node.target] if isinstance(node, ast.AugAssign) else node.targets
            for target in targets:
                name = named(target.value) if isinstance(target, ast.Subscript) else None
                if name is None and isinstance(node, ast.AugAssign):
                    name = named(target)
                if name is not None:
                    yield ClassChange(node, name, isinstance(node, ast.Delete))
    for node in function.bag.get(ast.Call, ()):
        assert isinstance(node, ast.Call)
        func = node.func
        if isinstance(func, ast.Attribute) and func.attr in CHANGING_METHODS and (name := named(func.value)):
            yield ClassChange(node, name, func.attr in _REMOVING)


def class_writes(function: Function) -> Iterator[tuple[ast.Attribute, str]]:
    """Yield the attributes of its class that *function* sets itself: ``cls.token = 1``, ``type(self).token = 1``."""
    if function.class_info is None or ast.Attribute not in function.bag:
        return
    owners = _owners(function)
    for node in function.bag[ast.Attribute]:
        assert isinstance(node, ast.Attribute)
        if isinstance(node.ctx, ast.Store) and _is_owner(node.value, owners):
            if not (isinstance(node.value, ast.Name) and node.value.id == "self"):
                yield node, node.attr


def mentions(function: Function, name: str) -> bool:
    """Whether *function* or a function inside it speaks of the attribute *name* of its own class or instance."""
    owners = _owners(function)
    for current in function.within():
        for node in current.bag.get(ast.Attribute, ()):
            assert isinstance(node, ast.Attribute)
            if node.attr == name and _is_owner(node.value, owners):
                return True
    return False


def rebinds(function: Function, name: str) -> bool:
    """Whether *function* gives its instance or class another object under *name*."""
    owners = _owners(function)
    return any(
        isinstance(node, ast.Attribute)
        and node.attr == name
        and not isinstance(node.ctx, ast.Load)
        and _is_owner(node.value, owners)
        and not isinstance(function.parents.get(node), ast.AugAssign)
        for node in function.bag.get(ast.Attribute, ())
    )


def _owners(function: Function) -> frozenset[str]:
    own = function.class_info.name if function.class_info is not None else ""
    return frozenset({"self", "cls", own}) & {*function.params, own}


def _is_owner(node: ast.expr, owners: frozenset[str]) -> bool:
    """Whether *node* is ``self``, ``cls``, the class by name, ``self.__class__`` or ``type(self)``."""
    if isinstance(node, ast.Attribute) and node.attr == "__class__":
        node = node.value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "type" and node.args:
        node = node.args[0]
    return isinstance(node, ast.Name) and node.id in owners
