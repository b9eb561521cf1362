"""Functions that keep what they read from the environment, and who empties their caches.

``functools.lru_cache`` remembers the first answer for the rest of the process: a test that patches a variable gets what
was read before, and leaves what was read in it. https://docs.python.org/3/library/functools.html#functools.lru_cache
"""

from __future__ import annotations

import ast

from testlsp.semantic.functions import FileRole, Function, FunctionKind
from testlsp.semantic.model import SemanticModel
from testlsp.semantic.names import dotted

ANY = "*"
"""In the place of a function's name: one that cannot be told."""

_CACHES = frozenset({"functools.lru_cache", "functools.cache"})


def cached_readers(model: SemanticModel) -> tuple[tuple[str, ...], ...]:
    """Return the cached functions of a file that read environment variables with literal names.

    Each is its name followed by the variables, sorted. Methods and functions with parameters are left out.
    """
    found = []
    if "cache" in model.source.text:
        for statement in model.source.statements:
            text = statement.text
            if "@" in text and ("environ" in text or "getenv" in text) and statement.body:
                for function in model.functions_of(statement):
                    if not function.chain and not function.params and _is_cached(function, model):
                        variables = _read(function, model)
                        if variables:
                            found.append((function.name, *sorted(variables)))
    return tuple(found)


def _is_cached(function: Function, model: SemanticModel) -> bool:
    decorators = function.node.decorator_list if function.node is not None else ()
    return any(
        model.qualified_name(node.func if isinstance(node, ast.Call) else node) in _CACHES for node in decorators
    )


def _read(function: Function, model: SemanticModel) -> set[str]:
    """Return the literal names of the variables that *function* reads itself."""
    found: set[str] = set()
    for call in function.bag.get(ast.Call, ()):
        assert isinstance(call, ast.Call)
        if call.args and model.qualified_name(call.func, function) in {"os.getenv", "os.environ.get"}:
            found |= _literal(call.args[0])
    for node in function.bag.get(ast.Subscript, ()):
        assert isinstance(node, ast.Subscript)
        if model.qualified_name(node.value, function) == "os.environ":
            found |= _literal(node.slice)
    return found


def _literal(node: ast.expr) -> set[str]:
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


_PATCHES = ("setenv", "delenv", "environ")


def asked_for_settings(model: SemanticModel) -> tuple[str, ...]:
    """Return the imported names that tests of a file call, without arguments, where they patch the environment.

    What they stand for may be a cached reader, so that their modules are worth reading.
    """
    found: set[str] = set()
    if model.role is FileRole.TEST_MODULE and any(word in model.source.text for word in _PATCHES):
        for statement in model.source.statements:
            if statement.body and any(word in statement.text for word in _PATCHES):
                for function in model.functions_of(statement):
                    if function.kind is FunctionKind.TEST:
                        found |= _called_bare(function, model)
    return tuple(sorted(found))


def _called_bare(function: Function, model: SemanticModel) -> set[str]:
    found: set[str] = set()
    for call in function.bag.get(ast.Call, ()):
        if isinstance(call, ast.Call) and not call.args and not call.keywords:
            root = (dotted(call.func) or "").partition(".")[0]
            binding = model.names.table.get(root)
            if binding is not None and binding.kind == "import":
                found.add(root)
    return found


def emptied_caches(model: SemanticModel) -> tuple[str, ...]:
    """Return the last names of the functions whose caches a file empties outside tests, `ANY` for one it loops over."""
    found: set[str] = set()
    if "cache_clear" in model.source.text:
        for statement in model.source.statements:
            if "cache_clear" in statement.text and statement.body:
                for function in model.functions_of(statement):
                    if function.kind is not FunctionKind.TEST:
                        found |= _emptied(function)
    return tuple(sorted(found))


def _emptied(function: Function) -> set[str]:
    found: set[str] = set()
    for scope in (function, *function.nested):
        for node in scope.bag.get(ast.Attribute, ()):
            if isinstance(node, ast.Attribute) and node.attr == "cache_clear":
                name = dotted(node.value) or ANY
                binding = scope.locals.get(name)
                known = binding is None or binding.kind == "import"
                found.add(name.rpartition(".")[2] if known else ANY)
    return found
