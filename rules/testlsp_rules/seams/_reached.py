"""What a test uses, to be compared with what its docstring says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from testlsp.lint import Context
from testlsp.semantic.functions import Function
from testlsp.semantic.names import dotted
from testlsp.semantic.seams import seam_facts
from testlsp.text.patterns import pattern

_VERBS = frozenset("get post put patch delete head options request send open stream".split())
_CLIENT = pattern(r"client|api|http|session|app|browser")
# Fixtures that make no requests; any other may have done so already.
_STORES = pattern(r"repo|db|database|cache|redis|store|storage|queue|mock|fake|monkeypatch|caplog|capsys|tmp|settings")


def names_used(ctx: Context, function: Function) -> frozenset[str]:
    """Return the names that the test and its module know: imports, definitions, parameters, attributes."""
    found = set(function.params) | set(ctx.model.names.table)
    for binding in ctx.model.names.table.values():
        found.update((binding.target or "").split("."))
    for node in function.bag.get(ast.Attribute, ()):
        found.add(getattr(node, "attr", ""))
    for node in function.bag.get(ast.Name, ()):
        found.add(getattr(node, "id", ""))
    return frozenset(found)


def is_telling(name: str) -> bool:
    """Whether *name* is surely a name and no word of prose: it has two humps, or words joined by ``_``."""
    return "_" in name.strip("_") or re.match(r"[A-Z][a-z0-9]+[A-Z]", name) is not None


def meant_name(written: str, names: Iterable[str]) -> str | None:
    """Return the one of *names* that *written* is misspelt from, None when it is one itself or resembles none."""
    candidates = [name for name in names if len(name) >= 8 and is_telling(name)]
    # ``OrderServices``, ``HandlerV2`` and ``SyncClient`` are other words, not misspelt ones.
    folded = written.replace("_", "").lower()
    meant = []
    for name in candidates:
        other = name.replace("_", "").lower()
        if other == folded or other.startswith(folded) or folded.startswith(other):
            return None
        same_ends = other[0] == folded[0] and other[-1] == folded[-1] and re.sub(r"\D", "", other + folded) == ""
        if same_ends and _humps(name) == _humps(written) and _is_close(folded, other):
            meant.append(name)
    return meant[0] if len(meant) == 1 else None


def _humps(name: str) -> int:
    return len(re.findall(r"[A-Z]|_", name))


def _is_close(one: str, other: str) -> bool:
    """Whether one letter was left out, added or changed, or two were swapped."""
    if abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    first, second = one[start:], other[start:]
    if len(first) == len(second):
        return first[1:] == second[1:] or (first[:2] == second[1::-1] and first[2:] == second[2:])
    return first[1:] == second or first == second[1:]


def requested(ctx: Context, function: Function) -> tuple[str, ...] | None:
    """Return the routes that a test requests; None when it may request others, too, or requests none."""
    facts = seam_facts(function, ctx.model, None)
    given = [name for name in function.params if name not in {"self", "cls"} and not _CLIENT.search(name)]
    if not facts.routes or not all(map(_STORES.search, given)):
        return None
    calls = (call for call in function.bag.get(ast.Call, ()) if isinstance(call, ast.Call))
    return None if any(_may_request(ctx, call) for call in calls) else facts.routes


def _may_request(ctx: Context, call: ast.Call) -> bool:
    """Whether *call* may make a request that is not seen: to an unknown address, or in a function of the tests."""
    func = call.func
    if isinstance(func, ast.Attribute):
        owner = (dotted(func.value) or "").rpartition(".")[2]
        if owner in {"self", "cls"}:
            return not func.attr.startswith("assert")
        if func.attr in _VERBS and not (func.attr == "get" and not _CLIENT.search(owner)):
            return not _is_literal(call)
    elif isinstance(func, ast.Name):
        name = ctx.qualified_name(func) or "?"
        if not name.startswith("builtins.") and not func.id[:1].isupper():
            return True
    passed = [*call.args, *(keyword.value for keyword in call.keywords)]
    return any(_CLIENT.search((dotted(value) or "").rpartition(".")[2]) for value in passed)


def _is_literal(call: ast.Call) -> bool:
    return bool(call.args) and isinstance(call.args[0], ast.Constant | ast.JoinedStr)


def same_route(verb: str, address: str, route: str) -> bool:
    """Whether *route* (``GET /orders/{order.id}``) is *verb* and *address*, which may lack or add a prefix."""
    other_verb, _, other = route.partition(" ")
    if other_verb != verb:
        return False
    one, two = _parts(address), _parts(re.sub(r"^https?://[^/]*", "", other))
    shorter = min(len(one), len(two))
    if not shorter:
        return True
    return all(_is_same_part(a, b) for a, b in zip(one[-shorter:], two[-shorter:], strict=True))


def _parts(address: str) -> list[str]:
    return [part for part in address.split("/") if part]


def _is_same_part(one: str, other: str) -> bool:
    # ``{order_id}``, ``<id>`` and ``:id`` stand for anything.
    return one == other or any(part[:1] in "{<:" or "{" in part or part[:1].isdigit() for part in (one, other))


def nearest(written: str, names: Iterable[str], similar: float) -> str | None:
    """Return the one of *names* that is most like *written*, None when none is."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(written, list(names), 1, similar)), None)
