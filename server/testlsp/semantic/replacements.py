"""What a test puts a stand-in for: a mock, a function or a class of its own instead of the real thing.

A patch that only changes a value (a constant, a setting), that keeps the real thing and watches it (``wraps``), or that
has it fail once (``side_effect=TimeoutError``) replaces nobody's work and is left out. What patches is said by
`testlsp.semantic.patches`.
"""

from __future__ import annotations

import ast
import re

from testlsp.semantic.first_party import is_library
from testlsp.semantic.functions import Function
from testlsp.semantic.model import SemanticModel
from testlsp.semantic.patches import Patched, patched_by, patches_of
from testlsp.text.named import NamedTuple
from testlsp.text.patterns import pattern


class Replacement(NamedTuple):
    """A stand-in for *target*, a dotted name; *node* is the call that puts it there."""

    target: str
    node: ast.Call


_FAILURE = pattern(r"Error|Exception|Timeout|Failure")
# What lies outside of the program, or is different at each run: to replace it is what doubles are for.
_OUTSIDE = frozenset(
    "client clients gateway gateways http https external remote webhook webhooks smtp mail mailer email emails sms "
    "slack s3 aws gcp bucket llm socket network request requests response send sender urlopen fetch download upload "
    "transport connection connect api sdk browser subprocess shell push publish notify notifier notification sleep "
    "time now today clock date datetime uuid random utcnow timezone timestamp seed id token secret secrets "
    "settings setting config configuration env environ flag flags enabled logger log logging metrics tracer "
    "backoff retry timeout delay interval version debug monotonic perf available platform windows".split()
)


def replacements_of(function: Function, model: SemanticModel) -> tuple[Replacement, ...]:
    """Return what *function* replaces, by its own decorators and in its body, in document order."""
    found: tuple[Replacement, ...] | None = function.memo.get("replacements")
    if found is None:
        found = function.memo["replacements"] = tuple(
            Replacement(patched.resource.removeprefix("attribute:"), patched.node)
            for patched in (*_decorating(function, model), *patches_of(function, model))
            if patched.resource.startswith("attribute:") and _is_stand_in(patched.node, function, model)
        )
        if found and _fails_on_purpose(function):
            found = function.memo["replacements"] = ()
    return found


def is_boundary(target: str) -> bool:
    """Whether the name of *target* says that it is a library, the outer world, a clock, chance, or a setting."""
    parts = target.lstrip(".").split(".")
    if parts[-1].isupper() or any(is_library(part) for part in parts[1:]):
        return True
    return any(word.lower() in _OUTSIDE for part in parts[1:] for word in _words(part))


def _words(name: str) -> list[str]:
    return re.findall(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*", name)


def _decorating(function: Function, model: SemanticModel) -> list[Patched]:
    decorators = function.node.decorator_list if function.node is not None else []
    calls = [decorator for decorator in decorators if isinstance(decorator, ast.Call)]
    return [patched for call in calls if (patched := patched_by(call, None, model)) is not None]


def _is_stand_in(call: ast.Call, function: Function, model: SemanticModel) -> bool:
    func = call.func
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    if "wraps" in keywords or None in keywords:
        return False
    method = func.attr if isinstance(func, ast.Attribute) else ""
    if method == "delattr":
        return False
    # ``patch(target, new)``, ``setattr("a.b", new)`` against ``patch.object(owner, "name", new)``
    by_text = bool(call.args) and isinstance(call.args[0], ast.Constant)
    rest = call.args[1 if by_text else 2 :]
    new = keywords.get("new", keywords.get("value", rest[0] if rest else None))
    if method == "setattr":
        return new is not None and _can_be_called(new, function, model)
    effect = keywords.get("side_effect")
    if effect is not None and _FAILURE.search(ast.unparse(effect)):
        return False
    return new is None or _can_be_called(new, function, model)


def _can_be_called(node: ast.expr, function: Function, model: SemanticModel) -> bool:
    """Whether *node* is a mock, a function or a class, and not just another value."""
    if isinstance(node, ast.Lambda):
        return True
    if isinstance(node, ast.Call):
        name = model.qualified_name(node.func, function) or ""
        last = name.rpartition(".")[2]
        return last.endswith("Mock") or last.startswith(("Fake", "Stub", "Dummy"))
    if isinstance(node, ast.Name):
        binding = model.binding(node.id, function)
        return binding is not None and binding.kind in {"function", "class"}
    return False


def _fails_on_purpose(function: Function) -> bool:
    """Whether a mock is told to fail, ``store.side_effect = ConnectionError()``, so that the test is about failure."""
    for node in function.bag.get(ast.Assign, ()):
        assert isinstance(node, ast.Assign)
        target = node.targets[0]
        if isinstance(target, ast.Attribute) and target.attr == "side_effect":
            if _FAILURE.search(ast.unparse(node.value)):
                return True
    return False
