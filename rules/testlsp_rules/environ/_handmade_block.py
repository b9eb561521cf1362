"""Replacing the environment saved and restored by hand with ``with patch.dict(os.environ)``, which ends where that ended."""

from __future__ import annotations

import ast

from testlsp.lint import Context, Rewrite
from testlsp.lint.patching import Form, idiom_form, patch_name
from testlsp.rewrite import insert_before, remove_statements, wrap_in_with
from testlsp.semantic.effects import Effect
from testlsp.semantic.functions import FunctionKind
from testlsp.semantic.save_restore import SaveRestore, is_used_otherwise
from testlsp.text import Edit, TextRange

from testlsp_rules.environ._patch_dict import patch_arguments
from testlsp_rules.environ._writes import outside, with_assignment


def block(ctx: Context, idiom: SaveRestore) -> Rewrite | None:
    """Return the rewrite, None where a block would not hold exactly what ran between the changes and the restoring.

    The changes must come directly before the ``try``, or in it; without a ``try``, before what stands between them and
    the restoring.
    """
    function = idiom.function
    known = patch_name(ctx, function)
    if known is None or idiom_form(ctx, function) not in {Form.FIXTURE, Form.CONTEXT} or function.node is None:
        return None
    if any(is_used_otherwise(save, idiom) for save in idiom.saves):
        return None
    changes = [with_assignment(change) for change in idiom.changes]
    wholes = [change.whole for change in changes]
    saved = [save.statement for save in idiom.saves if not any(save.statement is whole for whole in wholes)]
    restores = [restore.statement for restore in idiom.restores]
    guards = {id(restore.guard): restore.guard for restore in idiom.restores if restore.guard is not None}
    if len(guards) > 1 or any(whole is None for whole in wholes):
        return None
    parts = {id(item) for item in (*wholes, *saved, *restores)}
    guard = next(iter(guards.values()), None)
    if guard is not None:
        if len(restores) != len(guard.finalbody) or guard.handlers or guard.orelse:
            return None
        if any(not any(item is restore for item in guard.finalbody) for restore in restores):
            return None
    body = function.node.body
    places = [index for index, item in enumerate(body) if id(item) in parts or item is guard]
    first, last = places[0], places[-1]
    if guard is None:
        return _around(ctx, idiom, changes, saved, restores, body[first : last + 1], known)
    inside = [whole for whole in wholes if whole is not None and guard.lineno <= whole.lineno]
    before = [item for item in body[first:last] if id(item) in parts]
    if body[last] is not guard or len(before) != last - first or (inside and len(inside) != len(wholes)):
        return None
    return _for_try(ctx, changes, [*saved], guard, bool(inside), known)


def _header(ctx: Context, changes: list[Effect], spelling: str) -> tuple[str, list[str]]:
    """Return the call that makes the only change, or puts back what statements change, and these statements."""
    values = patch_arguments(ctx, changes[0]) if len(changes) == 1 else None
    if values is not None:
        return f"{spelling}.dict({values})", []
    container = changes[0].container
    environ = ctx.source_of(container) if container is not None else '"os.environ"'
    return f"{spelling}.dict({environ})", [ctx.source_of(_statement(change)) for change in changes]


def _statement(change: Effect) -> ast.stmt | ast.expr:
    """Return the change without the name that its old value was saved under."""
    if isinstance(change.whole, ast.Assign) and change.method == "pop":
        return change.node
    assert change.whole is not None
    return change.whole


def _for_try(
    ctx: Context,
    changes: list[Effect],
    saved: list[ast.stmt],
    guard: ast.Try,
    inside: bool,
    known: tuple[str, tuple[str, ...]],
) -> Rewrite:
    """Let ``with`` take the place of ``try``, and let the ``finally`` go."""
    text, spelling = ctx.statement.text, known[0]
    start = ctx.statement.range(guard).start
    if inside:
        container = changes[0].container
        header = f"{spelling}.dict({ctx.source_of(container) if container is not None else 'os.environ'})"
        edits = remove_statements(ctx.statement, saved)
    else:
        header, moved = _header(ctx, changes, spelling)
        gone = [change.whole for change in changes if change.whole is not None]
        edits = remove_statements(ctx.statement, [*saved, *gone])
        edits += insert_before(ctx.statement, guard.body[0], moved) if moved else []
    edits.append(Edit(TextRange(start, start + len("try")), f"with {header}"))
    end = ctx.statement.range(guard.body[-1]).end
    line = text.find("\n", end)
    edits.append(Edit(TextRange(line, ctx.statement.range(guard).end), "")) if line >= 0 else None
    return Rewrite(edits, known[1])


def _around(
    ctx: Context,
    idiom: SaveRestore,
    changes: list[Effect],
    saved: list[ast.stmt],
    restores: list[ast.stmt],
    body: list[ast.stmt],
    known: tuple[str, tuple[str, ...]],
) -> Rewrite | None:
    """Put what stands between the changes and the restoring under ``with``."""
    gone = {id(item) for item in (*saved, *restores)}
    wholes = {id(change.whole) for change in changes}
    kinds = ["gone" if id(item) in gone else "change" if id(item) in wholes else "kept" for item in body]
    start = kinds.index("change") if "change" in kinds else len(kinds)
    end = max((index for index, kind in enumerate(kinds) if kind == "kept"), default=-1)
    if (
        end < start
        or "kept" in kinds[:start]
        or "gone" in kinds[start:end]
        or not _yields_in(idiom, body[start : end + 1])
    ):
        return None
    if any(kind == "change" for kind in kinds[end:]) or kinds.count("change") != len(changes):
        return None
    spelling = known[0]
    header, stay = _header(ctx, changes, spelling)
    removed = remove_statements(ctx.statement, [*saved, *restores])
    if stay:
        wrap = wrap_in_with(ctx.statement, body[start], body[end], header)
        return Rewrite([*outside(wrap, removed), *removed], known[1]) if len(stay) == len(changes) else None
    removed += remove_statements(ctx.statement, [body[start]])
    wrap = wrap_in_with(ctx.statement, body[start + 1], body[end], header)
    return Rewrite([*outside(wrap, removed), *removed], known[1])


def _yields_in(idiom: SaveRestore, body: list[ast.stmt]) -> bool:
    """Whether a fixture hands over its value among these statements, and no function leaves there."""
    function = idiom.function
    lines = [getattr(node, "lineno", 0) for node in function.bag.get(ast.Yield, ())]
    within = all(body[0].lineno <= line <= (body[-1].end_lineno or 0) for line in lines)
    return within and (bool(lines) or function.kind is not FunctionKind.FIXTURE)
