"""Values that can be changed in place: what a fixture hands out, and where a function changes what it was handed.

Only plain data counts: lists, dicts, sets and the like, made in sight. Of any other object nobody can say from outside
whether an assignment to it is a change or its normal use.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from testlsp.semantic.functions import Function, FunctionNode
from testlsp.syntax import NodeBag, collect
from testlsp.text.named import NamedTuple

Meaning = Callable[["ast.expr | None"], "str | None"]

_DISPLAYS = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
_MUTABLE = frozenset(
    "builtins.list builtins.dict builtins.set builtins.bytearray collections.defaultdict collections.OrderedDict "
    "collections.Counter collections.deque types.SimpleNamespace argparse.Namespace json.load json.loads "
    "tomllib.load tomllib.loads tomli.load tomli.loads yaml.safe_load".split()
)
_IMMUTABLE = frozenset(
    "builtins.tuple builtins.frozenset builtins.str builtins.int builtins.float builtins.bool builtins.bytes "
    "types.MappingProxyType pathlib.Path pathlib.PurePath decimal.Decimal datetime.date datetime.datetime "
    "datetime.timedelta uuid.UUID uuid.uuid4".split()
)


def returns_mutable(node: FunctionNode, meaning: Meaning) -> bool | None:
    """Return whether a fixture hands out plain data that can be changed in place; None where that cannot be told.

    A fixture that looks at its value again after the tests (to write a report, say) collects on purpose: None.
    """
    bag: NodeBag = {}
    collect(list(node.body), bag, [])
    handed = [
        value
        for kind in (ast.Return, ast.Yield)
        for each in bag.get(kind, ())
        if (value := getattr(each, "value", None)) is not None
    ]
    if not handed or ast.YieldFrom in bag:
        return None
    sorts = {_sort(value, bag, meaning) for value in handed}
    if len(sorts) != 1:
        return None
    [sort] = sorts
    if sort and ast.Yield in bag and _is_read_later(handed, bag):
        return None
    return sort


def _sort(value: ast.expr, bag: NodeBag, meaning: Meaning, depth: int = 0) -> bool | None:
    if isinstance(value, _DISPLAYS):
        return True
    if isinstance(value, ast.Constant | ast.Tuple | ast.JoinedStr):
        return False
    if isinstance(value, ast.Call):
        name = meaning(value.func)
        return True if name in _MUTABLE else False if name in _IMMUTABLE else None
    if isinstance(value, ast.Name) and depth < 3:
        made = [each for each in bag.get(ast.Name, ()) if _stores(each, value.id)]
        assigned: list[ast.expr] = []
        for kind in (ast.Assign, ast.AnnAssign):
            for each in bag.get(kind, ()):
                targets = getattr(each, "targets", None) or [getattr(each, "target", None)]
                given = getattr(each, "value", None)
                if len(targets) == 1 and isinstance(targets[0], ast.Name) and targets[0].id == value.id and given:
                    assigned.append(given)
        if len(made) == 1 and len(assigned) == 1:
            return _sort(assigned[0], bag, meaning, depth + 1)
    return None


def _stores(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load)


def _is_read_later(handed: list[ast.expr], bag: NodeBag) -> bool:
    names = {value.id for value in handed if isinstance(value, ast.Name)}
    line = max((value.end_lineno or value.lineno) for value in handed)
    return any(isinstance(each, ast.Name) and each.id in names and each.lineno > line for each in bag.get(ast.Name, ()))


class Mutation(NamedTuple):
    """One change in place of what the local *name* holds.

    *node* is the statement or call; *target* the expression assigned to or deleted, or whose method is called; *value*
    what is assigned. *method* is "setitem", "setattr", "delitem", "delattr", "augment" or the name of the method.
    """

    node: ast.stmt | ast.expr
    name: str
    method: str
    target: ast.expr
    value: ast.expr | None = None

    @property
    def removes(self) -> bool:
        """Whether it takes something away, as a clean-up does."""
        return self.method in _REMOVING


_REMOVING = frozenset("delitem delattr pop popitem popleft remove discard clear".split())
_ADDING = frozenset(
    "append appendleft extend extendleft insert add update setdefault sort reverse rotate subtract move_to_end "
    "intersection_update difference_update symmetric_difference_update".split()
)
CHANGING_METHODS = _REMOVING | _ADDING
"""Methods of lists, dicts, sets and the like that change them."""
# Of something inside the value nothing is known, so only what no other object has under that name.
_INNER_METHODS = frozenset({"append", "extend", "insert", "setdefault", "popitem"})


def mutations(function: Function, names: frozenset[str]) -> Iterator[Mutation]:
    """Yield the changes that *function*, and functions inside it, make to what its locals *names* hold.

    A name that is bound anew anywhere in a function is left out there: it may hold a copy.
    """
    pending: list[tuple[Function, frozenset[str]]] = [(function, names)]
    while pending:
        current, wanted = pending.pop()
        if current is not function:
            wanted -= current.locals.keys()
        wanted -= names_bound(current)
        if wanted:
            yield from _direct(current, wanted)
            pending += [(nested, wanted) for nested in current.nested]


def names_bound(function: Function) -> set[str]:
    """Return the names that the statements of *function* bind or delete; parameters as such are not among them."""
    return {
        name.id
        for name in function.bag.get(ast.Name, ())
        if isinstance(name, ast.Name) and name.ctx.__class__ is not ast.Load
    }


def _direct(function: Function, names: frozenset[str]) -> Iterator[Mutation]:
    bag = function.bag
    for kind in (ast.Assign, ast.AnnAssign, ast.AugAssign):
        for node in bag.get(kind, ()):
            assert isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign)
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Subscript | ast.Attribute) and (name := root_name(target)) in names:
                    assert name is not None
                    how = "setitem" if isinstance(target, ast.Subscript) else "setattr"
                    method = "augment" if isinstance(node, ast.AugAssign) else how
                    yield Mutation(node, name, method, target, node.value)
    for node in bag.get(ast.Delete, ()):
        assert isinstance(node, ast.Delete)
        for target in node.targets:
            if isinstance(target, ast.Subscript | ast.Attribute) and (name := root_name(target)) in names:
                assert name is not None
                yield Mutation(node, name, "delitem" if isinstance(target, ast.Subscript) else "delattr", target)
    for node in bag.get(ast.Call, ()):
        assert isinstance(node, ast.Call)
        func = node.func
        if not isinstance(func, ast.Attribute) or func.attr not in CHANGING_METHODS:
            continue
        name = root_name(func.value)
        if name in names and (isinstance(func.value, ast.Name) or func.attr in _INNER_METHODS):
            assert name is not None
            yield Mutation(node, name, func.attr, func.value)


def root_name(node: ast.expr) -> str | None:
    """Return the name at the root of ``name["a"].b[0]``."""
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None
