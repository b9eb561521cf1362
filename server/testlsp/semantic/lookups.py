"""Which names a module of the application defines, and which names of other modules it looks up when it runs.

``from m import f`` takes ``f`` over when the module is imported; ``m.f`` looks it up at each use, and so does an import
inside a function. Only the latter see what a test puts in the place of ``m.f``:
https://docs.python.org/3/library/unittest.mock.html#where-to-patch
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from testlsp.semantic.functions import FileRole, Function, FunctionKind
from testlsp.semantic.model import SemanticModel
from testlsp.semantic.names import dotted
from testlsp.text.named import NamedTuple

ANY = "*"
"""In the place of a name: names that cannot be told, because they are made while the program runs."""

_DYNAMIC = (
    "globals(",
    "__getattr__",
    "sys.modules",
    "vars(",
    "locals(",
    "exec(",
    "setattr(",
    "__dict__",
    "import_module",
    "lazy_import",
)
_LOOKS_IN = frozenset({"getattr", "hasattr", "vars", "reload", "dir", "setattr"})
_TESTS = frozenset({"tests", "test", "testing"})
_INSTALLED = frozenset({"site-packages", "dist-packages"})
_MARKERS = frozenset({"Depends", "Security"})
_DEEPEST = 3


class Lookups(NamedTuple):
    """What a module has to do with names.

    *defined* are the names it binds itself, imports aside, with `ANY` where it may bind more. *looked_up* are the names
    that its functions look up when they run: a plain one is a global variable of its own, a dotted one is reached
    through something imported, or imported inside a function; ``m.*`` stands for any attribute of ``m``, and
    ``:f`` for a dependency of FastAPI, which was looked up when the function that asks for it was defined.
    *submodules* are the dotted names in ``import a.b``, which binds ``a`` only.
    """

    defined: tuple[str, ...] = ()
    looked_up: tuple[str, ...] = ()
    submodules: tuple[str, ...] = ()


def lookups(model: SemanticModel, patches: bool = False) -> Lookups:
    """Return the names of a module of the application. Of the tests only *submodules* are told (if a test module
    *patches* something by name), of what is installed nothing.

    What pytest takes for a test module may belong to the application for all that: ``python_files = *``.
    """
    path, is_of_tests = model.source.path, model.role is not FileRole.OTHER
    untold = (ANY,) if is_of_tests and tells_names(path) else ()
    if model.role is FileRole.TEST_MODULE and not patches:
        return Lookups(untold)
    if not _INSTALLED.isdisjoint(path.split("/")):
        return Lookups()
    submodules = tuple(sorted(_submodules(model)))
    if is_of_tests or not tells_names(path):
        return Lookups(untold, submodules=submodules)
    defined = {name for name, found in model.names.bindings.items() if any(item.kind != "import" for item in found)}
    looked_up: set[str] = set()
    for statement in model.source.statements:
        for function in model.functions_of(statement):
            _look(function, model, looked_up, defined)
    if model.names.stars or any(word in model.source.text for word in _DYNAMIC):
        defined.add(ANY)
    return Lookups(tuple(sorted(defined)), tuple(sorted(looked_up)), submodules)


def tells_names(path: str) -> bool:
    """Whether the names of a module at *path* are told: it belongs to the application, not to the tests."""
    *folders, name = path.split("/")
    return "test" not in name and _TESTS.isdisjoint(folders) and _INSTALLED.isdisjoint(folders)


def _submodules(model: SemanticModel) -> set[str]:
    """Return the dotted names in ``import a.b``, in functions, too."""
    nodes: list[ast.AST] = []
    for statement in model.source.statements:
        if "import " in statement.text:
            nodes += statement.body
            for function in model.functions_of(statement):
                nodes += function.bag.get(ast.Import, ())
    return {
        alias.name
        for node in nodes
        if isinstance(node, ast.Import)
        for alias in node.names
        if "." in alias.name and alias.asname is None
    }


def _look(function: Function, model: SemanticModel, looked_up: set[str], defined: set[str]) -> None:
    table = model.names.table
    bag = function.bag
    runs_later = function.kind is not FunctionKind.IMPORT_TIME or ast.Lambda in bag
    if runs_later:
        for name in bag.get(ast.Name, ()):
            if isinstance(name, ast.Name) and name.id in table and not model.is_local(name.id, function):
                looked_up.add(name.id)
        for binding in function.locals.values():
            if binding.kind == "import" and binding.target:
                looked_up.add(binding.target)
    looked_up.update(_of_imported(function, model))
    for statement in bag.get(ast.Global, ()):
        defined.update(getattr(statement, "names", ()))
    if function.node is not None:
        looked_up.update(f":{name}" for name in _dependencies(function.node.args))
    for inner in function.nested:
        _look(inner, model, looked_up, defined)


def _of_imported(function: Function, model: SemanticModel) -> Iterator[str]:
    """Yield the attributes of imported things that *function* asks for, as dotted names."""
    for node in function.bag.get(ast.Attribute, ()):
        chain = dotted(node) if isinstance(node, ast.Attribute) else None
        if chain is not None and chain.count(".") <= _DEEPEST:
            root, _, rest = chain.partition(".")
            target = model.target(root, function)
            if target is not None and not target.startswith("builtins."):
                yield f"{target}{'' if target.endswith('.') else '.'}{rest}"
    for call in function.bag.get(ast.Call, ()):
        if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Name):
            called = (dotted(call.func) or "").rpartition(".")[2]
            target = model.target(call.args[0].id, function) if called in _LOOKS_IN else None
            if target is not None:
                yield f"{target}.{ANY}"


def _dependencies(arguments: ast.arguments) -> list[str]:
    """Return the names in ``Depends(name)`` among defaults and annotations."""
    places: list[ast.AST] = [*arguments.defaults, *(default for default in arguments.kw_defaults if default)]
    for argument in (*arguments.args, *arguments.kwonlyargs):
        if isinstance(argument.annotation, ast.Subscript) and isinstance(argument.annotation.slice, ast.Tuple):
            places += argument.annotation.slice.elts
    return [
        place.args[0].id
        for place in places
        if isinstance(place, ast.Call)
        and (dotted(place.func) or "").rpartition(".")[2] in _MARKERS
        and place.args
        and isinstance(place.args[0], ast.Name)
    ]
