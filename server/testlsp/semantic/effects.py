"""What a function does to the state of the process.

Effects are the shared facts of the rules about the environment and other global state: each is found here, once, with
its names resolved. What undoes an effect is the business of `testlsp.semantic.restoration`.
"""

from __future__ import annotations

import ast
import enum

from testlsp.semantic.containers import CONTAINER_METHODS, shared_container
from testlsp.semantic.functions import Function
from testlsp.semantic.knobs import KNOBS, SEEDS, only_reads
from testlsp.semantic.loggers import LOGGER_METHODS, logger_behind
from testlsp.semantic.model import SemanticModel
from testlsp.semantic.names import dotted, import_bindings
from testlsp.text.named import NamedTuple


class EffectKind(enum.Enum):
    """The state that is changed, and for the environment also how."""

    ENV_SET = "environment variable set"
    ENV_DELETE = "environment variable deleted"
    ENV_BULK = "several environment variables changed"
    ENV_PUTENV = "environment changed behind os.environ"
    ENV_REBIND = "os.environ replaced"
    SYS_PATH = "import path changed"
    CWD = "working directory changed"
    SYS_MODULES = "loaded modules changed"
    SYS_ATTR = "attribute of sys replaced"
    MODULE_ATTR = "attribute of something imported replaced"
    OVERRIDE = "dependency override changed"
    PATCH_START = "patch started"
    KNOB = "setting of the whole process changed"
    SEED = "global random generator seeded"
    LOGGING = "logger that everybody shares changed"
    CONTAINER = "list, dict or set of a module changed"

    @property
    def resource(self) -> str:
        """The name under which effects and what restores them are matched."""
        return _RESOURCES.get(self, self.name)


_RESOURCES = {
    EffectKind.ENV_SET: "os.environ",
    EffectKind.ENV_DELETE: "os.environ",
    EffectKind.ENV_BULK: "os.environ",
    EffectKind.ENV_PUTENV: "os.environ",
    EffectKind.ENV_REBIND: "os.environ",
    EffectKind.SYS_PATH: "sys.path",
    EffectKind.CWD: "cwd",
    EffectKind.SYS_MODULES: "sys.modules",
    EffectKind.SYS_ATTR: "sys",
    EffectKind.MODULE_ATTR: "attribute",
    EffectKind.OVERRIDE: "dependency_overrides",
    EffectKind.PATCH_START: "patch",
    EffectKind.KNOB: "knob",
    EffectKind.SEED: "seed",
    EffectKind.LOGGING: "logging",
    EffectKind.CONTAINER: "container",
}


class Effect(NamedTuple):
    """One change of process state by *function*.

    *node* is what to underline: the assignment, the ``del`` or the call. *whole* is the statement that does nothing but
    this, None when the value is used, when one statement does several things, or inside a lambda. *method* is
    "setitem", "delitem", "assign", "delattr", "setattr", "augment" or the name of the method or function called.
    *container* is the expression changed (``os.environ``, ``app.dependency_overrides``, the module for an attribute);
    *target* its resolved dotted name where known, for an attribute with its name. *key* and *value* are expressions;
    for ``pop`` and ``setdefault`` *value* is the default.
    """

    kind: EffectKind
    function: Function
    node: ast.stmt | ast.expr
    whole: ast.stmt | None
    method: str
    container: ast.expr | None
    target: str | None
    key: ast.expr | None = None
    value: ast.expr | None = None

    @property
    def literal_key(self) -> str | None:
        """The key when it is a string literal."""
        key = self.key
        return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else None

    @property
    def key_dump(self) -> str | None:
        """The key in a form that can be compared."""
        key = self.key
        if isinstance(key, ast.Constant) and key.kind is None:
            return f"Constant(value={key.value!r})"  # what ``ast.dump`` gives, at a fraction of the time
        return None if key is None else ast.dump(key)

    @property
    def position(self) -> tuple[int, int]:
        """Where it stands, for ordering the effects of one function."""
        return (self.node.lineno, self.node.col_offset)


_LIST_METHODS = frozenset({"append", "insert", "extend", "remove", "pop", "clear", "reverse", "sort"})
_DICT_METHODS = frozenset({"pop", "popitem", "update", "setdefault", "clear"})
_METHODS = _LIST_METHODS | _DICT_METHODS | CONTAINER_METHODS
_FUNCTIONS = {
    "os.putenv": EffectKind.ENV_PUTENV,
    "os.unsetenv": EffectKind.ENV_PUTENV,
    "os.chdir": EffectKind.CWD,
    "os.fchdir": EffectKind.CWD,
    "logging.disable": EffectKind.LOGGING,
    **dict.fromkeys(KNOBS, EffectKind.KNOB),
    **dict.fromkeys(SEEDS, EffectKind.SEED),
}
NAMED = frozenset({EffectKind.KNOB, EffectKind.SEED, EffectKind.LOGGING, EffectKind.CONTAINER})
"""Kinds whose *target* alone says which state it is: the knob, the generator, ``level:NAME``, the container."""
_FUNCTION_NAMES = frozenset(name.rpartition(".")[2] for name in _FUNCTIONS)
PATCHES = frozenset(
    f"{module}.patch{kind}" for module in ("unittest.mock", "mock") for kind in ("", ".object", ".multiple", ".dict")
)
"""What makes a patcher: https://docs.python.org/3/library/unittest.mock.html#the-patchers"""


def effects_of(function: Function, model: SemanticModel) -> list[Effect]:
    """Return the effects of *function* itself, in document order; those of nested functions and callees are not its."""
    found: list[Effect] | None = function.memo.get("effects")
    if found is None:
        found = _Finder(function, model).find()
        function.memo["effects"] = found
    return found


class _Finder:
    """Looks through the nodes of one function."""

    def __init__(self, function: Function, model: SemanticModel) -> None:
        self.function = function
        self.model = model
        self.found: list[Effect] = []

    def find(self) -> list[Effect]:
        bag = self.function.bag
        for node in bag.get(ast.Assign, ()):
            assert isinstance(node, ast.Assign)
            for target in node.targets:
                self._assigned(target, node.value, node, len(node.targets) == 1)
        for node in bag.get(ast.AnnAssign, ()):
            assert isinstance(node, ast.AnnAssign)
            if node.value is not None:
                self._assigned(node.target, node.value, node, True)
        for node in bag.get(ast.AugAssign, ()):
            assert isinstance(node, ast.AugAssign)
            self._augmented(node)
        for node in bag.get(ast.Delete, ()):
            assert isinstance(node, ast.Delete)
            for target in node.targets:
                self._deleted(target, node, len(node.targets) == 1)
        for node in bag.get(ast.Call, ()):
            assert isinstance(node, ast.Call)
            func = node.func
            if func.__class__ is ast.Attribute:
                self._method(node, func)
            elif func.__class__ is ast.Name:
                self._called(node, func)
        if self.found and (ast.Import in bag or ast.ImportFrom in bag):
            self._forget_unbound()
        if len(self.found) > 1:
            self.found.sort(key=lambda effect: effect.position)
        return self.found

    def _forget_unbound(self) -> None:
        """Drop what stands before the import that makes its name local to the function: it raises UnboundLocalError."""
        bag, bound = self.function.bag, self.function.locals
        first: dict[str, tuple[int, int]] = {}
        for node in (*bag.get(ast.Import, ()), *bag.get(ast.ImportFrom, ())):
            assert isinstance(node, ast.Import | ast.ImportFrom)
            for binding in import_bindings(node):
                place = (node.lineno, node.col_offset)
                first[binding.name] = min(place, first.get(binding.name, place))
        self.found = [
            effect
            for effect in self.found
            if not any(
                isinstance(part, ast.Name) and first.get(part.id, (0, 0)) > effect.position and part.id in bound
                for part in ast.walk(effect.node)
            )
        ]

    def _add(
        self,
        kind: EffectKind,
        node: ast.stmt | ast.expr,
        whole: ast.stmt | None,
        method: str,
        container: ast.expr | None,
        target: str | None,
        key: ast.expr | None = None,
        value: ast.expr | None = None,
    ) -> None:
        self.found.append(Effect(kind, self.function, node, whole, method, container, target, key, value))

    def _qualified(self, node: ast.expr) -> str | None:
        return self.model.qualified_name(node, self.function)

    def _container(self, node: ast.expr) -> tuple[str | None, str | None]:
        """Return what *node* is, as ``(resource, dotted name)``, when its contents are process state."""
        if isinstance(node, ast.Attribute) and node.attr == "dependency_overrides":
            return "dependency_overrides", self._qualified(node)
        name = self._qualified(node)
        if name in {"os.environ", "sys.path", "sys.modules"}:
            return name, name
        if name == "os.environb":
            return "os.environ", name
        shared = shared_container(node, name, self.function, self.model) if self.function.node is not None else None
        return ("container", shared) if shared is not None else (None, name)

    def _assigned(self, target: ast.expr, value: ast.expr, node: ast.Assign | ast.AnnAssign, alone: bool) -> None:
        if isinstance(target, ast.Tuple | ast.List):
            for item in target.elts:
                self._assigned(item, value, node, False)
            return
        whole = node if alone else None
        shown = node if alone else target
        if isinstance(target, ast.Subscript):
            resource, name = self._container(target.value)
            kind = _SETITEM.get(resource)
            if kind is not None:
                self._add(kind, shown, whole, "setitem", target.value, name, target.slice, value)
        elif isinstance(target, ast.Attribute):
            self._attribute(target, shown, whole, "assign", value)

    def _augmented(self, node: ast.AugAssign) -> None:
        target = node.target
        if isinstance(target, ast.Subscript):
            resource, name = self._container(target.value)
            kind = _SETITEM.get(resource)
            if kind is not None:
                self._add(kind, node, node, "augment", target.value, name, target.slice, node.value)
        elif isinstance(target, ast.Name | ast.Attribute):
            resource, name = self._container(target)
            if resource not in {None, "container"}:
                kind = EffectKind.ENV_BULK if resource == "os.environ" else _SETITEM[resource]
                self._add(kind, node, node, "augment", target, name, None, node.value)
            elif isinstance(target, ast.Attribute):
                self._attribute(target, node, None, "augment", node.value)

    def _deleted(self, target: ast.expr, node: ast.Delete, alone: bool) -> None:
        whole, shown = (node, node) if alone else (None, target)
        if isinstance(target, ast.Subscript):
            resource, name = self._container(target.value)
            kind = _DELITEM.get(resource)
            if kind is not None:
                self._add(kind, shown, whole, "delitem", target.value, name, target.slice)
        elif isinstance(target, ast.Attribute):
            self._attribute(target, shown, whole, "delattr", None)

    def _attribute(
        self,
        target: ast.Attribute,
        node: ast.stmt | ast.expr,
        whole: ast.stmt | None,
        method: str,
        value: ast.expr | None,
    ) -> None:
        if target.attr == "dependency_overrides":
            self._add(EffectKind.OVERRIDE, node, whole, method, target, self._qualified(target), None, value)
            return
        name = self._qualified(target)
        if name is None and isinstance(target.value, ast.Call):
            if self._qualified(target.value.func) == "decimal.getcontext":
                self._add(EffectKind.KNOB, node, whole, method, target, KNOBS["decimal.setcontext"], None, value)
            return
        if name is None or (name.startswith("builtins.") and self._qualified(target.value) != "builtins"):
            return
        if name == "os.environ":
            self._add(EffectKind.ENV_REBIND, node, whole, method, target, name, None, value)
        elif name == "sys.path":
            self._add(EffectKind.SYS_PATH, node, whole, method, target, name, None, value)
        elif name.startswith("sys.") and name.count(".") == 1:
            self._add(EffectKind.SYS_ATTR, node, whole, method, target.value, name, None, value)
        else:
            self._add(EffectKind.MODULE_ATTR, node, whole, method, target.value, name, None, value)

    def _method(self, node: ast.Call, func: ast.Attribute) -> None:
        method = func.attr
        if method in _METHODS:
            resource, name = self._container(func.value)
            if resource is None:
                return
            kind: EffectKind | None = None
            if resource == "os.environ" and method in _DICT_METHODS:
                kind = EffectKind.ENV_DELETE if method in {"pop", "popitem"} else EffectKind.ENV_BULK
            elif resource == "sys.path" and method in _LIST_METHODS:
                kind = EffectKind.SYS_PATH
            elif resource in {"sys.modules", "dependency_overrides"} and method in _DICT_METHODS:
                kind = _SETITEM[resource]
            elif resource == "container":
                kind = EffectKind.CONTAINER
            if kind is not None:
                key = node.args[0] if node.args and method in {"pop", "setdefault"} else None
                given = node.args[1:] if key is not None else node.args
                value = given[-1] if given else None
                self._add(kind, node, self._alone(node), method, func.value, name, key, value)
        elif method in _FUNCTION_NAMES:
            self._called(node, func)
        elif method in LOGGER_METHODS:
            logger = logger_behind(func.value, self.function, self.model)
            if logger is not None:
                target, value = f"{LOGGER_METHODS[method]}:{logger}", node.args[0] if node.args else None
                self._add(EffectKind.LOGGING, node, self._alone(node), method, func.value, target, None, value)
        elif method == "start" and self._is_patcher(func.value):
            self._add(EffectKind.PATCH_START, node, self._alone(node), "start", func.value, None)

    def _called(self, node: ast.Call, func: ast.Name | ast.Attribute) -> None:
        if isinstance(func, ast.Name):
            if func.id in {"setattr", "delattr"}:
                self._setattr(node, func.id)
                return
            binding = self.model.binding(func.id, self.function)
            if binding is None or binding.kind not in {"import", "alias"}:
                return
        name = self._qualified(func)
        kind = _FUNCTIONS.get(name) if name else None
        if kind is not None and name is not None and not only_reads(name, node):
            key = node.args[0] if node.args and kind is EffectKind.ENV_PUTENV else None
            value = node.args[-1] if node.args else None
            self._add(
                kind,
                node,
                self._alone(node),
                func.attr if isinstance(func, ast.Attribute) else func.id,
                None,
                KNOBS.get(name) or SEEDS.get(name) or name,
                key,
                value,
            )

    def _setattr(self, node: ast.Call, method: str) -> None:
        if len(node.args) < 2 or self._qualified(node.func) != f"builtins.{method}":
            return
        owner, attribute = node.args[0], node.args[1]
        name = self._qualified(owner)
        if name is None or not (isinstance(attribute, ast.Constant) and isinstance(attribute.value, str)):
            return
        full = f"{name}.{attribute.value}"
        kind = EffectKind.SYS_ATTR if name == "sys" else EffectKind.MODULE_ATTR
        value = node.args[2] if len(node.args) > 2 else None
        self._add(kind, node, self._alone(node), method, owner, full, attribute, value)

    def _is_patcher(self, node: ast.expr) -> bool:
        """Whether *node* is ``patch(...)``, or a local name or attribute that was bound to one."""
        if isinstance(node, ast.Call):
            return self._qualified(node.func) in PATCHES
        name = dotted(node)
        if name is not None:
            return any(
                isinstance(assign, ast.Assign)
                and isinstance(assign.value, ast.Call)
                and any(dotted(target) == name for target in assign.targets)
                and self._qualified(assign.value.func) in PATCHES
                for assign in self.function.bag.get(ast.Assign, ())
            )
        return False

    def _alone(self, node: ast.expr) -> ast.stmt | None:
        """Return the expression statement that consists of *node* alone."""
        parent = self.function.parents.get(node)
        return parent if isinstance(parent, ast.Expr) else None


_SETITEM: dict[str | None, EffectKind] = {
    "os.environ": EffectKind.ENV_SET,
    "sys.path": EffectKind.SYS_PATH,
    "sys.modules": EffectKind.SYS_MODULES,
    "dependency_overrides": EffectKind.OVERRIDE,
    "container": EffectKind.CONTAINER,
}
_DELITEM: dict[str | None, EffectKind] = {**_SETITEM, "os.environ": EffectKind.ENV_DELETE}


def dotted_text(node: ast.expr | None) -> str:
    """Return the lower-case dotted text of a call's function or of a name, empty for anything else."""
    if isinstance(node, ast.Call):
        node = node.func
    return (dotted(node) or "").lower()
