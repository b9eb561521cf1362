"""What the names of a module mean: imports, definitions and aliases at module level.

The table of a file is put together from what each top-level statement binds, so that an edit inside a function leaves
it equal and nothing that depends on it is computed again.
"""

from __future__ import annotations

import ast
import builtins

from testlsp.syntax import SourceFile, Statement
from testlsp.syntax.tree import children
from testlsp.text.named import NamedTuple

BUILTIN_NAMES = frozenset(dir(builtins))


class Binding(NamedTuple):
    """One name bound at module level.

    *kind* is "import", "alias" (to a dotted name), "function", "class" or "variable". *target* is the dotted name that
    an import or alias stands for; a relative import keeps its leading dots. *bases* are a class's bases as dotted text,
    None for one that is not a dotted name. *value* sorts a variable: "mutable" (a list, dict or set is made),
    "constant", "call" or "".
    """

    name: str
    kind: str
    target: str | None = None
    bases: tuple[str | None, ...] = ()
    value: str = ""


class StatementNames(NamedTuple):
    """What one top-level statement binds, in order, and the modules it imports everything from."""

    bindings: tuple[Binding, ...]
    stars: tuple[str, ...]


class ModuleNames:
    """The name table of a file; two equal ones mean the same to everything that is computed from names."""

    __slots__ = ("_parts", "bases", "bindings", "stars", "table")

    def __init__(self, parts: list[StatementNames]) -> None:
        """Merge what the statements bind."""
        self._parts = parts
        self.stars: tuple[str, ...] = tuple(star for part in parts for star in part.stars)
        self.bindings: dict[str, list[Binding]] = {}
        for part in parts:
            for binding in part.bindings:
                self.bindings.setdefault(binding.name, []).append(binding)
        self.bases = frozenset(
            base for part in parts for binding in part.bindings for base in binding.bases if base is not None
        )
        """The classes that a class of this module inherits from, as dotted text."""
        self.table: dict[str, Binding] = {name: _merged(found) for name, found in self.bindings.items()}

    def __eq__(self, other: object) -> bool:
        """Whether both bind the same names to the same things in the same order."""
        return isinstance(other, ModuleNames) and self._parts == other._parts

    __hash__ = None  # type: ignore[assignment]

    def target(self, name: str, depth: int = 0) -> str | None:
        """Return the dotted name that *name* stands for at module level, None where that is not known.

        A name that nothing binds is a builtin, unless a star import could have bound it.
        """
        binding = self.table.get(name)
        if binding is None:
            return f"builtins.{name}" if name in BUILTIN_NAMES and not self.stars else None
        if binding.kind == "import":
            return binding.target
        if binding.kind == "alias" and binding.target and depth < 5:
            root, _, rest = binding.target.partition(".")
            resolved = self.target(root, depth + 1) if root != name else None
            return f"{resolved}.{rest}" if resolved else None
        return None


def _merged(found: list[Binding]) -> Binding:
    """Return the one meaning of several bindings; contradictory ones leave the target unknown.

    The import in ``try: import x / except ImportError: x = None`` and under ``if TYPE_CHECKING`` counts.
    """
    if len(found) == 1:
        return found[0]
    telling = [
        binding for binding in found if not (binding.kind == "variable" and binding.value == "constant")
    ] or found
    last = telling[-1]
    if all(binding == last for binding in telling):
        return last
    if {binding.kind for binding in telling} == {"import"}:
        return Binding(last.name, "import")
    return Binding(last.name, last.kind if last.kind in {"function", "class"} else "variable", None, last.bases)


def statement_names(statement: Statement) -> StatementNames:
    """Return what *statement* binds at module level; computed once per piece of text."""
    found = statement.memo.get("names")
    if found is None:
        bindings: list[Binding] = []
        stars: list[str] = []
        stack: list[ast.AST] = list(reversed(statement.body))
        while stack:
            node = stack.pop()
            _bind(node, bindings, stars)
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda | ast.expr):
                stack.extend(reversed(children(node)))
            elif isinstance(node, ast.NamedExpr):
                bindings.append(Binding(node.target.id, "variable"))
        found = statement.memo["names"] = StatementNames(tuple(bindings), tuple(stars))
    assert isinstance(found, StatementNames)
    return found


def _bind(node: ast.AST, bindings: list[Binding], stars: list[str]) -> None:
    match node:
        case ast.Import():
            bindings += import_bindings(node)
        case ast.ImportFrom():
            bindings += import_bindings(node)
            stars += [_module(node) for alias in node.names if alias.name == "*"]
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            bindings.append(Binding(node.name, "function"))
        case ast.ClassDef():
            bindings.append(Binding(node.name, "class", None, tuple(dotted(base) for base in node.bases)))
        case ast.Assign():
            for target in node.targets:
                bindings += assignment_bindings(target, node.value)
        case ast.AnnAssign():
            bindings += assignment_bindings(node.target, node.value)
        case ast.AugAssign():
            bindings += assignment_bindings(node.target, None)
        case ast.For() | ast.AsyncFor():
            bindings += assignment_bindings(node.target, None)
        case ast.withitem() if node.optional_vars is not None:
            bindings += assignment_bindings(node.optional_vars, None)
        case ast.ExceptHandler() if node.name:
            bindings.append(Binding(node.name, "variable"))
        case _:
            pass


def import_bindings(node: ast.Import | ast.ImportFrom) -> list[Binding]:
    """Return the names that an import statement binds; a star import binds none that are known."""
    if isinstance(node, ast.Import):
        return [
            Binding(
                alias.asname or alias.name.partition(".")[0],
                "import",
                alias.name if alias.asname else alias.name.partition(".")[0],
            )
            for alias in node.names
        ]
    module = _module(node)
    separator = "" if module.endswith(".") else "."
    return [
        Binding(alias.asname or alias.name, "import", f"{module}{separator}{alias.name}")
        for alias in node.names
        if alias.name != "*"
    ]


def _module(node: ast.ImportFrom) -> str:
    return "." * node.level + (node.module or "")


def assignment_bindings(target: ast.expr, value: ast.expr | None) -> list[Binding]:
    """Return the names bound by assigning *value* (None when it is not known) to *target*."""
    if isinstance(target, ast.Name):
        name = dotted(value) if value is not None else None
        if name is not None:
            return [Binding(target.id, "alias", name)]
        return [Binding(target.id, "variable", None, (), _sort_of(value))]
    if isinstance(target, ast.Tuple | ast.List):
        return [binding for item in target.elts for binding in assignment_bindings(item, None)]
    if isinstance(target, ast.Starred):
        return assignment_bindings(target.value, None)
    return []


_MUTABLE_CALLS = frozenset(
    "list dict set bytearray defaultdict OrderedDict Counter deque collections.defaultdict collections.OrderedDict "
    "collections.Counter collections.deque".split()
)


def _sort_of(value: ast.expr | None) -> str:
    if isinstance(value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp):
        return "mutable"
    if isinstance(value, ast.Constant):
        return "constant"
    if isinstance(value, ast.Call):
        return "mutable" if dotted(value.func) in _MUTABLE_CALLS else "call"
    return ""


def dotted(node: ast.expr | None) -> str | None:
    """Return ``a.b.c`` for a chain of attributes on a name, None for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    parts.append(node.id)
    return ".".join(reversed(parts))


def module_names(source: SourceFile) -> ModuleNames:
    """Return the name table of *source*."""
    return ModuleNames([names for piece in source.statements if (names := statement_names(piece)) != _NOTHING])


_NOTHING = StatementNames((), ())
