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
    """Return the cached functions of a file that read environment variables with known names.

    Each is its name followed by the variables, sorted. They read them themselves, through a function of the same file
    that they call, or by making settings of Pydantic from a class of the same file. Methods and functions with
    parameters are left out.
    """
    found = []
    text = model.source.text
    if "cache" in text and any(word in text for word in _READS):
        for statement in model.source.statements:
            if "@" in statement.text and statement.body:
                for function in model.functions_of(statement):
                    if not function.chain and not function.params and _is_cached(function, model):
                        variables = _read(function, model) | _read_by_others(function, model)
                        if variables:
                            found.append((function.name, *sorted(variables)))
    return tuple(found)


_READS = ("environ", "getenv", "BaseSettings")


def _read_by_others(function: Function, model: SemanticModel) -> set[str]:
    """Return the variables that the functions and classes of the same file read which *function* calls."""
    found: set[str] = set()
    for call in function.bag.get(ast.Call, ()):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
            binding = model.binding(call.func.id, function)
            if binding is not None and binding.kind == "class":
                found |= settings_variables(binding.name, model)
            elif binding is not None and binding.kind == "function":
                other = model.function_named(binding.name)
                if other is not None and other is not function and not _is_cached(other, model):
                    found |= _read(other, model)
    return found


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


_SETTINGS = frozenset(
    {
        "pydantic_settings.BaseSettings",
        "pydantic.BaseSettings",
        "pydantic.v1.BaseSettings",
        "pydantic.env_settings.BaseSettings",
    }
)


def settings_variables(name: str, model: SemanticModel) -> set[str]:
    """Return the variables that making settings of Pydantic from the class *name* of this file reads.

    https://docs.pydantic.dev/latest/concepts/pydantic_settings/#usage: a field is read from the variable of its name
    with the prefix, in capitals or not. Fields with an alias are left out, and all of them where the prefix is unknown.
    """
    node = next(
        (
            item
            for statement in model.source.statements
            if name in statement.text
            for item in statement.body
            if isinstance(item, ast.ClassDef) and item.name == name
        ),
        None,
    )
    if node is None or [model.qualified_name(base) in _SETTINGS for base in node.bases] != [True]:
        return set()
    prefix: str | None = ""
    exact = False
    fields: list[str] = []
    for item in node.body:
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            if not (
                isinstance(item.value, ast.Call) and any("alias" in (key.arg or "alias") for key in item.value.keywords)
            ):
                fields.append(item.target.id)
        for key, value in _configured(item):
            if key == "env_prefix":
                prefix = value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None
            elif key == "case_sensitive":
                exact = not (isinstance(value, ast.Constant) and value.value is False)
            elif key not in _HARMLESS:
                prefix = None
    if prefix is None:
        return set()
    variables = {prefix + field for field in fields if field != "model_config"}
    return variables if exact else {each for one in variables for each in (one, one.upper(), one.lower())}


_HARMLESS = frozenset(
    "env_file env_file_encoding extra validate_default frozen str_strip_whitespace populate_by_name "
    "arbitrary_types_allowed env_nested_delimiter env_ignore_empty secrets_dir".split()
)


def _configured(item: ast.stmt) -> list[tuple[str, ast.expr]]:
    """Return what ``model_config`` or ``class Config`` says; an empty key for what cannot be read."""
    if isinstance(item, ast.ClassDef) and item.name == "Config":
        return [
            (dotted(line.targets[0]) or "", line.value) if isinstance(line, ast.Assign) else ("", ast.Constant(None))
            for line in item.body
            if not isinstance(line, ast.Expr | ast.Pass)
        ]
    if isinstance(item, ast.Assign) and dotted(item.targets[0]) == "model_config":
        if isinstance(item.value, ast.Call):
            return [(keyword.arg or "", keyword.value) for keyword in item.value.keywords]
        if isinstance(item.value, ast.Dict):
            return [
                (str(getattr(key, "value", "")), value)
                for key, value in zip(item.value.keys, item.value.values, strict=True)
            ]
        return [("", item.value)]
    return []


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
