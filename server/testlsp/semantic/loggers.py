"""Loggers that every test of the process shares, and what is changed of them.

``logging.getLogger`` gives the same object for the same name (https://docs.python.org/3/library/logging.html), so a
level or a handler stays for all later tests. A logger that is named for the test is its own.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from testlsp.semantic.names import dotted

if TYPE_CHECKING:
    from testlsp.semantic.functions import Function
    from testlsp.semantic.model import SemanticModel

LOGGER_METHODS: dict[str, str] = {
    "setLevel": "level",
    "addHandler": "handlers",
    "removeHandler": "handlers",
}
"""From each method of a logger to what it changes."""

_FAMOUS = frozenset(
    "aiohttp asyncio boto boto3 botocore celery concurrent django fastapi flask gunicorn httpcore httpx py.warnings "
    "redis requests sqlalchemy urllib3 uvicorn werkzeug".split()
)
"""Loggers of well-known packages: https://docs.python.org/3/howto/logging.html#configuring-logging-for-a-library"""


def logger_behind(node: ast.expr, function: Function, model: SemanticModel) -> str | None:
    """Return the name of the shared logger that *node* is ("" for the root); None for others and unknown ones.

    For a logger that is imported the dotted name of the variable stands for the logger's name.
    """
    if isinstance(node, ast.Name):
        made = _made(node.id, function, model)
        if made is not None:
            return _called(made, function, model)
    if isinstance(node, ast.Call):
        return _called(node, function, model)
    name = model.qualified_name(node, function)
    if name in {"logging.root", "logging.RootLogger"}:
        return ""
    if name is None or "." not in name.lstrip("."):
        return None
    return name if name.rpartition(".")[2].lower().strip("_") in {"logger", "log"} else None


def _made(name: str, function: Function, model: SemanticModel) -> ast.Call | None:
    """Return the one call whose result *name* is bound to in *function* or at module level."""
    binding = model.binding(name, function)
    if binding is None or binding.kind != "variable":
        return None
    scope: Function | None = function
    while scope is not None and name not in scope.locals:
        scope = scope.parent
    if scope is not None:
        assigns = scope.bag.get(ast.Assign, [])
    elif len(model.names.bindings.get(name, ())) == 1:
        assigns = [node for statement in model.source.statements for node in statement.body]
    else:
        return None
    values = [
        assign.value
        for assign in assigns
        if isinstance(assign, ast.Assign) and any(dotted(target) == name for target in assign.targets)
    ]
    return values[0] if len(values) == 1 and isinstance(values[0], ast.Call) else None


def _called(call: ast.Call, function: Function, model: SemanticModel) -> str | None:
    if model.qualified_name(call.func, function) != "logging.getLogger" or call.keywords:
        return None
    if not call.args:
        return ""
    name = call.args[0]
    if not isinstance(name, ast.Constant) or not isinstance(name.value, str | None):
        return None
    return name.value or "" if _is_of_a_package(name.value or "", model) else None


def _is_of_a_package(name: str, model: SemanticModel) -> bool:
    """Whether a logger of that name belongs to a package that the file imports, or a well-known one."""
    root = name.partition(".")[0]
    if not name or root in _FAMOUS or name in _FAMOUS:
        return True
    if "test" in name.lower():
        return False
    return any(
        binding.kind == "import" and (binding.target or "").partition(".")[0] == root
        for binding in model.names.table.values()
    )
