"""What tests patch by a dotted name in a string: ``patch("shop.orders.send")``, ``monkeypatch.setattr("...", ...)``."""

from __future__ import annotations

import ast
import sys

from testlsp.semantic.functions import FileRole, Function
from testlsp.semantic.model import SemanticModel
from testlsp.semantic.patches import patched_by
from testlsp.text.named import NamedTuple


class PatchTarget(NamedTuple):
    """The string *node*, an argument of *call*, that names *target*; *may_be_absent* says that the call allows it."""

    target: str
    node: ast.Constant
    call: ast.Call
    may_be_absent: bool


_WORDS = ("patch", "setattr(", "delattr(")


def patch_targets(function: Function, model: SemanticModel) -> tuple[PatchTarget, ...]:
    """Return what *function* patches by name, in its decorators and its body, the standard library left out."""
    found: tuple[PatchTarget, ...] | None = function.memo.get("patch targets")
    if found is None:
        found = ()
        memo = function.statement.memo
        spoken = memo.get("patch words")
        if spoken is None:  # once for all functions of a class
            spoken = memo["patch words"] = any(word in function.statement.text for word in _WORDS)
        if spoken:
            decorators = function.node.decorator_list if function.node is not None else []
            outside = [(node, None) for node in decorators if isinstance(node, ast.Call)]
            inside = [(node, function) for node in function.bag.get(ast.Call, ()) if isinstance(node, ast.Call)]
            found = tuple(
                target
                for call, scope in (*outside, *inside)
                if _is_named(call) and (target := _target(call, scope, model)) is not None
            )
        function.memo["patch targets"] = found
    return found


def _is_named(call: ast.Call) -> bool:
    first = call.args[0] if call.args else None
    return isinstance(first, ast.Constant) and isinstance(first.value, str) and "." in first.value


def _target(call: ast.Call, function: Function | None, model: SemanticModel) -> PatchTarget | None:
    node = call.args[0]
    assert isinstance(node, ast.Constant)
    assert isinstance(node.value, str)
    patched = patched_by(call, function, model)
    if patched is None or patched.resource != f"attribute:{node.value}":
        return None
    parts = node.value.split(".")
    if not all(map(str.isidentifier, parts)) or parts[0] in sys.stdlib_module_names:
        return None
    allowed = any(keyword.arg in {"create", "raising", None} for keyword in call.keywords)
    return PatchTarget(node.value, node, call, allowed)


def patched_names(model: SemanticModel) -> tuple[str, ...]:
    """Return what the tests of a file patch by name, sorted: the modules that hold it are worth reading."""
    found: set[str] = set()
    if model.role is FileRole.TEST_MODULE and any(word in model.source.text for word in _WORDS):
        for statement in model.source.statements:
            if statement.body and any(word in statement.text for word in _WORDS):
                for function in model.functions_of(statement):
                    found.update(target.target for target in patch_targets(function, model))
    return tuple(sorted(found))
