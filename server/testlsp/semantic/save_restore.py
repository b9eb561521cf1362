"""The environment saved, changed and restored by hand: one idiom of many lines, known as a whole.

``old = os.environ.get("K")``, ``os.environ["K"] = "v"``, ``try`` ... ``finally``, ``if old is None: del ...``;
also with a copy of the whole environment, without ``try``, and as a mere pair of setting and deleting. What belongs to
it is said here, so that it is one finding and not one for each line.
"""

from __future__ import annotations

import ast
import enum
from collections.abc import Iterable

from testlsp.semantic.cleanup import cleanup_place
from testlsp.semantic.effects import Effect, EffectKind, effects_of
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.model import SemanticModel
from testlsp.semantic.names import dotted
from testlsp.semantic.order import is_last_act
from testlsp.syntax.tree import children
from testlsp.text.named import NamedTuple

ENVIRONMENT = frozenset({EffectKind.ENV_SET, EffectKind.ENV_DELETE, EffectKind.ENV_BULK, EffectKind.ENV_REBIND})


class Save(NamedTuple):
    """``name = os.environ.get(key)`` and the like; *key* is its dump, None for a copy of everything."""

    name: str
    key: str | None
    statement: ast.stmt


class Restore(NamedTuple):
    """*statement* does nothing but restore; *guard* is the ``try`` in whose ``finally`` it stands directly.

    *keys* are the dumps of what is restored, None for everything. *protected* says that it runs when the test fails.
    """

    statement: ast.stmt
    effects: tuple[Effect, ...]
    keys: frozenset[str] | None
    guard: ast.Try | None
    protected: bool


class SaveRestore(NamedTuple):
    """The idiom in one function: its *changes* are all undone by its *restores*.

    *snapshot* says that everything is restored, hence also what the code under test wrote.
    """

    function: Function
    saves: tuple[Save, ...]
    changes: tuple[Effect, ...]
    restores: tuple[Restore, ...]
    snapshot: bool

    @property
    def first(self) -> ast.stmt | ast.expr:
        """Where it begins: the first statement that saves or changes."""
        found: list[ast.stmt | ast.expr] = [save.statement for save in self.saves]
        found += [change.whole or change.node for change in self.changes]
        return min(found, key=lambda node: (node.lineno, node.col_offset))

    @property
    def protected(self) -> bool:
        """Whether the environment is restored when the test fails too."""
        return all(restore.protected for restore in self.restores)


def save_restore(function: Function, model: SemanticModel) -> SaveRestore | None:
    """Return the idiom in *function*, None when there is none."""
    if "save_restore" not in function.memo:
        effects = [effect for effect in effects_of(function, model) if effect.kind in ENVIRONMENT]
        known = function.kind in {FunctionKind.TEST, FunctionKind.FIXTURE, FunctionKind.NESTED}
        function.memo["save_restore"] = _Reader(function, model, effects).read() if known and len(effects) > 1 else None
    found: SaveRestore | None = function.memo["save_restore"]
    return found


def belongs_to_idiom(effect: Effect, model: SemanticModel) -> bool:
    """Whether *effect* is part of saving and restoring by hand, which is reported as a whole."""
    idiom = save_restore(effect.function, model)
    if idiom is None:
        return False
    node = effect.node
    return any(change.node is node for change in idiom.changes) or any(
        other.node is node for restore in idiom.restores for other in restore.effects
    )


class Afterwards(enum.Enum):
    """What the function still does when the environment has been restored."""

    NOTHING = "nothing that could notice"
    CALLS = "calls something"
    READS = "looks at the environment"


def afterwards(idiom: SaveRestore, restore: Restore, model: SemanticModel) -> Afterwards:
    """Return what *restore* is followed by, other parts of the idiom left out; a loop around it comes back to it."""
    function = idiom.function
    quiet = [(item.statement.lineno, item.statement.end_lineno or 0) for item in idiom.restores]
    end = restore.statement.end_lineno or restore.statement.lineno

    def follows(node: ast.AST) -> bool:
        line = getattr(node, "lineno", 0)
        return line > end and not any(first <= line <= last for first, last in quiet)

    for node_type in (ast.Attribute, ast.Name):
        for node in function.bag.get(node_type, ()):
            if follows(node) and model.qualified_name(node, function) in _READERS:
                return Afterwards.READS
    guard = restore.guard
    if guard is not None:
        units = {id(item.statement) for item in idiom.restores}
        if any(id(item) not in units for item in guard.finalbody):
            return Afterwards.CALLS
    if any(follows(call) for call in function.bag.get(ast.Call, ())):
        return Afterwards.CALLS
    current = function.parents.get(restore.statement)
    while current is not None:
        if isinstance(current, ast.For | ast.AsyncFor | ast.While):
            return Afterwards.CALLS
        current = function.parents.get(current)
    return Afterwards.NOTHING


# ``tzset`` takes over what TZ says: https://docs.python.org/3/library/time.html#time.tzset
_READERS = frozenset({"os.environ", "os.getenv", "os.environb", "time.tzset", "locale.setlocale"})


def is_used_otherwise(save: Save, idiom: SaveRestore) -> bool:
    """Whether the saved value serves for anything but restoring."""
    own = {id(node) for restore in idiom.restores for node in _subtree(restore.statement)}
    own |= {id(node) for node in _subtree(save.statement)}
    for scope in (idiom.function, *idiom.function.nested):
        for name in scope.bag.get(ast.Name, ()):
            assert isinstance(name, ast.Name)
            if name.id == save.name and id(name) not in own:
                return True
    return False


class _Reader:
    """Reads one function."""

    def __init__(self, function: Function, model: SemanticModel, effects: list[Effect]) -> None:
        self.function = function
        self.model = model
        self.effects = effects
        self.saves = {save.name: save for save in self._saves()}

    def read(self) -> SaveRestore | None:
        restoring = [effect for effect in self.effects if self._restores(effect)]
        if not restoring:
            return None
        ids = {id(effect.node) for effect in restoring}
        units = self._units(restoring, ids)
        changes = [
            effect
            for effect in self.effects
            if id(effect.node) not in ids and any(_covers(unit, effect) for unit in units)
        ]
        used = [unit for unit in units if any(_covers(unit, change) for change in changes)]
        if not changes:
            return None
        names = {name for unit in used for name in _names(unit.statement)}
        saves = tuple(save for save in self.saves.values() if save.name in names)
        snapshot = any(unit.keys is None for unit in used)
        return SaveRestore(self.function, saves, tuple(changes), tuple(used), snapshot)

    # -- saving ------------------------------------------------------------------------------------------------------

    def _saves(self) -> Iterable[Save]:
        for node in self.function.bag.get(ast.Assign, ()):
            assert isinstance(node, ast.Assign)
            if len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                key = self._saved(node.value)
                if key is not _NOT_SAVED:
                    yield Save(node.targets[0].id, None if key is None else str(key), node)

    def _saved(self, value: ast.expr) -> object:
        """Return the dump of the key that *value* reads, None for a copy of all, `_NOT_SAVED` for anything else."""
        if isinstance(value, ast.Subscript) and self._is_environ(value.value):
            return ast.dump(value.slice)
        if isinstance(value, ast.Compare) and len(value.ops) == 1 and isinstance(value.ops[0], ast.In):
            return ast.dump(value.left) if self._is_environ(value.comparators[0]) else _NOT_SAVED
        if isinstance(value, ast.Dict):
            alone = len(value.keys) == 1 and value.keys[0] is None
            return None if alone and self._is_environ(value.values[0]) else _NOT_SAVED
        if isinstance(value, ast.DictComp):
            return None if self._reads_environ(value) else _NOT_SAVED
        if not isinstance(value, ast.Call):
            return _NOT_SAVED
        func = value.func
        if isinstance(func, ast.Attribute) and self._is_environ(func.value):
            if func.attr in {"get", "pop"} and value.args:
                return ast.dump(value.args[0])
            return None if func.attr in {"copy", "items"} else _NOT_SAVED
        name = self.model.qualified_name(func, self.function)
        if name == "os.getenv" and value.args:
            return ast.dump(value.args[0])
        if name in {"builtins.dict", "copy.copy", "copy.deepcopy"} and len(value.args) == 1:
            copied = value.args[0]
            if isinstance(copied, ast.Call) and isinstance(copied.func, ast.Attribute):
                copied = copied.func.value  # dict(os.environ.items())
            return None if self._is_environ(copied) else _NOT_SAVED
        return _NOT_SAVED

    def _is_environ(self, node: ast.expr) -> bool:
        return self.model.qualified_name(node, self.function) == "os.environ"

    def _reads_environ(self, node: ast.AST) -> bool:
        return any(
            self.model.qualified_name(found, self.function) in {"os.environ", "os.getenv"}
            for found in _subtree(node)
            if isinstance(found, ast.Attribute | ast.Name)
        )

    # -- restoring ---------------------------------------------------------------------------------------------------

    def _restores(self, effect: Effect) -> bool:
        """Whether *effect* puts back what was there, or takes away what was set here before."""
        if effect.whole is None:
            return False  # such as ``old = os.environ.pop("K")``
        cleanup = cleanup_place(self.function, effect.node, self.model) is not None
        if effect.kind is EffectKind.ENV_DELETE:
            return cleanup or self._depends_on_saved(effect.node) or self._was_set_before(effect)
        if effect.method == "clear":
            return cleanup or any(
                other.value is not None and other.position > effect.position and self._is_saved(other.value)
                for other in self.effects
            )
        value = effect.value
        if value is None or effect.method == "setdefault":
            return False
        saved = self._is_saved(value, effect.key_dump)
        if saved or effect.method != "setitem":
            return saved
        last = isinstance(value, ast.Constant) and self._was_set_before(effect) and is_last_act(effect, self.model)
        return cleanup or last

    def _is_saved(self, value: ast.expr, key: str | None = None) -> bool:
        """Whether *value* is what was saved of *key*: the name, an item of it, or the variable of a loop over it."""
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
            value = value.func.value  # saved.get("K")
        elif isinstance(value, ast.Subscript):
            value = value.value  # saved["K"]
        if not isinstance(value, ast.Name):
            return False
        save = self.saves.get(value.id)
        if save is not None:
            return save.key in {None, key} and self._position(save.statement) < self._position(value)
        return any(
            isinstance(outer, ast.For) and value.id in _names(outer.target) and self._mentions_saved(outer.iter)
            for outer in self._ancestors(value)
        )

    def _depends_on_saved(self, node: ast.AST) -> bool:
        for outer in self._ancestors(node):
            tested = outer.test if isinstance(outer, ast.If) else outer.iter if isinstance(outer, ast.For) else None
            if tested is not None and self._mentions_saved(tested):
                return True
        return False

    def _mentions_saved(self, node: ast.AST) -> bool:
        return not self.saves.keys().isdisjoint(_names(node))

    def _was_set_before(self, effect: Effect) -> bool:
        key = effect.key_dump
        return key is not None and any(
            other.position < effect.position and other.kind is not EffectKind.ENV_DELETE and key in (_keys(other) or ())
            for other in self.effects
        )

    def _ancestors(self, node: ast.AST) -> Iterable[ast.AST]:
        parents = self.function.parents
        current = parents.get(node)
        while current is not None:
            yield current
            current = parents.get(current)

    @staticmethod
    def _position(node: ast.stmt | ast.expr) -> tuple[int, int]:
        return (node.lineno, node.col_offset)

    # -- statements --------------------------------------------------------------------------------------------------

    def _units(self, restoring: list[Effect], ids: set[int]) -> list[Restore]:
        """Return the outermost statements that do nothing but restore, each with its effects."""
        whole = {id(effect.whole) for effect in restoring if effect.whole is not None}
        found: dict[int, tuple[ast.stmt, list[Effect]]] = {}
        for effect in restoring:
            node = effect.whole
            if node is None:
                continue
            parent = self.function.parents.get(node)
            while isinstance(parent, ast.stmt) and self._only_restores(parent, whole):
                node, parent = parent, self.function.parents.get(parent)
            found.setdefault(id(node), (node, []))[1].append(effect)
        return [self._unit(node, effects) for node, effects in found.values()]

    def _unit(self, node: ast.stmt, effects: list[Effect]) -> Restore:
        keys: frozenset[str] | None = frozenset()
        for effect in effects:
            own = _keys(effect)
            if own is None or keys is None or self._in_loop(effect, node):
                keys = None
            else:
                keys |= own
        parent = self.function.parents.get(node)
        guard = parent if isinstance(parent, ast.Try) and any(node is item for item in parent.finalbody) else None
        protected = cleanup_place(self.function, node, self.model) is not None
        return Restore(node, tuple(effects), keys, guard, protected)

    def _in_loop(self, effect: Effect, unit: ast.stmt) -> bool:
        """Whether the key is the variable of a loop that belongs to the restoring statement."""
        return isinstance(unit, ast.For) and isinstance(effect.key, ast.Name)

    def _only_restores(self, node: ast.stmt, whole: set[int]) -> bool:
        if isinstance(node, ast.If):
            return self._is_quiet(node.test) and self._all_restore([*node.body, *node.orelse], whole)
        if isinstance(node, ast.For):
            return not node.orelse and self._mentions_saved(node.iter) and self._all_restore(node.body, whole)
        if isinstance(node, ast.Try):
            handled = [item for handler in node.handlers for item in handler.body]
            passed = bool(handled) and all(isinstance(item, ast.Pass) for item in handled)
            return passed and not node.orelse and not node.finalbody and self._all_restore(node.body, whole)
        if isinstance(node, ast.With):
            suppressing = all(
                isinstance(item.context_expr, ast.Call) and (dotted(item.context_expr.func) or "").endswith("suppress")
                for item in node.items
            )
            return suppressing and self._all_restore(node.body, whole)
        return False

    def _all_restore(self, block: list[ast.stmt], whole: set[int]) -> bool:
        return all(
            id(item) in whole or isinstance(item, ast.Pass) or self._only_restores(item, whole) for item in block
        )

    def _is_quiet(self, test: ast.expr) -> bool:
        """Whether evaluating *test* does nothing: it calls nothing but methods of the environment."""
        return all(
            isinstance(node.func, ast.Attribute) and self._is_environ(node.func.value)
            for node in _subtree(test)
            if isinstance(node, ast.Call)
        )


_NOT_SAVED = object()


def _keys(effect: Effect) -> frozenset[str] | None:
    """Return the dumps of the keys that *effect* touches, None when they are not known or when it touches all."""
    if effect.key is not None:
        return frozenset({ast.dump(effect.key)})
    call = effect.node
    if effect.method == "update" and isinstance(call, ast.Call):
        keywords = frozenset(ast.dump(ast.Constant(keyword.arg)) for keyword in call.keywords)
        if any(keyword.arg is None for keyword in call.keywords):
            return None
        if not call.args:
            return keywords
        mapping = call.args[0]
        return keywords | _dict_keys(mapping) if isinstance(mapping, ast.Dict) and None not in mapping.keys else None
    if effect.method == "augment" and isinstance(effect.value, ast.Dict) and None not in effect.value.keys:
        return _dict_keys(effect.value)
    return None


def _dict_keys(node: ast.Dict) -> frozenset[str]:
    return frozenset(ast.dump(key) for key in node.keys if key is not None)


def _covers(unit: Restore, change: Effect) -> bool:
    """Whether *unit* comes after *change* and undoes it."""
    if (unit.statement.lineno, unit.statement.col_offset) <= change.position:
        return False
    keys = _keys(change)
    return unit.keys is None or (keys is not None and keys <= unit.keys)


def _subtree(node: ast.AST) -> list[ast.AST]:
    found = [node]
    for item in found:
        found += children(item)
    return found


def _names(node: ast.AST) -> set[str]:
    return {found.id for found in _subtree(node) if isinstance(found, ast.Name)}
