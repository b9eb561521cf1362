"""Replacing the environment saved and restored by hand with one call for each change."""

from __future__ import annotations

import ast
from typing import NamedTuple

from testlsp.lint import Applicability, Context, Rewrite
from testlsp.lint.patching import Form, form_for, patch_name, with_parameter
from testlsp.rewrite import indentation_of, newline_of, remove_statements, replace_statement, unwrap_block
from testlsp.semantic.effects import Effect, EffectKind, effects_of
from testlsp.semantic.save_restore import ENVIRONMENT, Afterwards, Restore, SaveRestore, afterwards, is_used_otherwise
from testlsp.text import Edit, TextRange

from testlsp_rules.environ._patch_dict import patch_dict_lines
from testlsp_rules.environ._writes import Call, monkeypatch_call, outside, with_assignment


class Plan(NamedTuple):
    """What becomes of each part: statements with their new lines, statements that go, ``try`` blocks that dissolve."""

    form: Form
    replaced: list[tuple[ast.stmt, list[str]]]
    removed: list[ast.stmt]
    unwrapped: list[ast.Try]
    grade: Applicability


def plan(ctx: Context, idiom: SaveRestore) -> Plan | None:
    """Return how *idiom* is to be rewritten, None where that is not possible or not wise."""
    form = form_for(ctx, idiom.function, "mocker" if ctx.settings.idiom == "mocker" else "monkeypatch")
    if form is Form.ENTER_CONTEXT and (ctx.settings.python_version < (3, 11) or idiom.function.params[:1] != ("self",)):
        return None
    if form is not Form.ENTER_CONTEXT and (form is not Form.FIXTURE or ctx.settings.idiom == "patch.dict"):
        return None
    if _is_entangled(ctx, idiom, form):
        return None
    used = {id(save.statement) for save in idiom.saves if is_used_otherwise(save, idiom)}
    exact = form is Form.FIXTURE and not idiom.snapshot and not used and not _assumes_a_value(idiom)
    replaced: list[tuple[ast.stmt, list[str]]] = []
    for change in idiom.changes:
        effect = with_assignment(change)
        call = monkeypatch_call(ctx, effect)
        if call is None or effect.whole is None:
            return None
        exact = exact and call.exact and not _may_miss(effect)
        replaced.append((effect.whole, _lines(ctx, effect, call, form, id(effect.whole) in used)))
    gone: list[Restore] = []
    for restore in idiom.restores:
        after = afterwards(idiom, restore, ctx.model)
        if after is Afterwards.NOTHING:
            gone.append(restore)
        elif (lines := _kept(ctx, restore, form)) is not None:
            replaced.append((restore.statement, lines))
        elif after is Afterwards.CALLS:
            gone.append(restore)
            exact = False
        else:
            return None
    places = {id(statement) for statement, _ in replaced}
    removed = [save.statement for save in idiom.saves if id(save.statement) not in used | places]
    unwrapped = _emptied(gone)
    if unwrapped is None:
        return None
    removed += [restore.statement for restore in gone if restore.guard not in unwrapped]
    exact = exact and not any("#" in ctx.source_of(item) or _comment_above(ctx, item) for item in removed)
    exact = exact and not any(_comments_in_finally(ctx, guard) for guard in unwrapped)
    return Plan(form, replaced, removed, unwrapped, Applicability.SAFE if exact else Applicability.UNSAFE)


def _is_entangled(ctx: Context, idiom: SaveRestore, form: Form) -> bool:
    """Whether the function changes the environment in other ways too, which the end of a patch would undo."""
    parts = {id(change.node) for change in idiom.changes}
    parts |= {id(effect.node) for restore in idiom.restores for effect in restore.effects}
    keys = {change.literal_key for change in idiom.changes}
    for effect in effects_of(idiom.function, ctx.model):
        if effect.kind in ENVIRONMENT and id(effect.node) not in parts:
            whole = form is Form.ENTER_CONTEXT or ctx.settings.idiom == "mocker"
            if whole or effect.literal_key is None or effect.literal_key in keys:
                return True
    return False


def _may_miss(effect: Effect) -> bool:
    """Whether the variable may be absent: then ``delenv`` remembers nothing, and a later write of the code stays."""
    if effect.kind is not EffectKind.ENV_DELETE:
        return False
    parent = effect.function.parents.get(effect.whole) if effect.whole is not None else None
    return (effect.method == "pop" and effect.value is not None) or isinstance(parent, ast.Try)


def _assumes_a_value(idiom: SaveRestore) -> bool:
    """Whether a constant is put back rather than what was there, so that others may have come to rely on it."""
    return any(
        isinstance(effect.value, ast.Constant)
        for item in idiom.restores
        for effect in item.effects
        if effect.kind is EffectKind.ENV_SET
    )


def _lines(ctx: Context, effect: Effect, call: Call, form: Form, used: bool) -> list[str]:
    if form is Form.FIXTURE and ctx.settings.idiom == "monkeypatch":
        # Without another use nobody needs the value of ``old = os.environ.pop("K")`` any more.
        return call.lines[1:] if _is_saving_pop(effect) and not used else call.lines
    known = patch_name(ctx, effect.function)
    patch = known[0] if known is not None else "patch"
    start, end = (f"self.enterContext({patch}", ")") if form is Form.ENTER_CONTEXT else ("mocker.patch", "")
    lines = patch_dict_lines(ctx, effect, start, end)
    return [lines[0], ctx.source_of(effect.node)] if _is_saving_pop(effect) and not used else lines


def _is_saving_pop(effect: Effect) -> bool:
    return isinstance(effect.whole, ast.Assign) and effect.method == "pop"


def _kept(ctx: Context, restore: Restore, form: Form) -> list[str] | None:
    """Return what a mere deletion becomes that something comes after: the variable must be gone from there on."""
    if restore.guard is not None or form is not Form.FIXTURE or ctx.settings.idiom != "monkeypatch":
        return None
    [effect, *others] = restore.effects
    if others or effect.whole is not restore.statement or effect.kind is not EffectKind.ENV_DELETE:
        return None
    call = monkeypatch_call(ctx, effect)
    return call.lines if call is not None else None


def _emptied(gone: list[Restore]) -> list[ast.Try] | None:
    """Return the ``try`` statements whose ``finally`` has nothing left to do, None if one of them has other clauses."""
    statements = {id(restore.statement) for restore in gone}
    guards = list({id(restore.guard): restore.guard for restore in gone if restore.guard is not None}.values())
    emptied = [guard for guard in guards if all(id(item) in statements for item in guard.finalbody)]
    if any(guard.handlers or guard.orelse for guard in emptied):
        return None
    for guard in emptied:
        if any(other is not guard and _holds(guard, other) for other in emptied):
            return None
    return emptied


def _comment_above(ctx: Context, statement: ast.stmt) -> TextRange | None:
    """Return the comment lines directly above *statement*, which say what it does."""
    text = ctx.statement.text
    end = start = text.rfind("\n", 0, ctx.statement.range(statement).start) + 1
    while start:
        above = text.rfind("\n", 0, start - 1) + 1
        if not text[above:start].lstrip().startswith("#"):
            break
        start = above
    return TextRange(start, end) if start < end else None


def _comments_in_finally(ctx: Context, guard: ast.Try) -> bool:
    """Whether comments stand in the ``finally`` that goes, or what looks like one."""
    start, end = ctx.statement.range(guard.body[-1]).end, ctx.statement.range(guard).end
    return "#" in ctx.statement.text[start:end]


def _holds(outer: ast.stmt, inner: ast.stmt) -> bool:
    return outer.lineno <= inner.lineno <= (outer.end_lineno or outer.lineno)


def rewritten(ctx: Context, idiom: SaveRestore, made: Plan) -> Rewrite:
    """Return the edits of *made*."""
    edits: list[Edit] = []
    for statement, lines in made.replaced:
        guard = next((guard for guard in made.unwrapped if _holds(guard, statement)), None)
        edits += replace_statement(
            ctx.statement, statement, lines if guard is None else _dedented(ctx, statement, lines, guard)
        )
    edits += remove_statements(ctx.statement, made.removed)
    for statement in made.removed:
        comment = _comment_above(ctx, statement)
        edits += [Edit(comment, "")] if comment else []
    for guard in made.unwrapped:
        edits += outside(unwrap_block(ctx.statement, guard), edits)
    if made.form is Form.ENTER_CONTEXT:
        known = patch_name(ctx, idiom.function)
        return Rewrite(edits, known[1] if known is not None else ())
    name = "mocker" if ctx.settings.idiom == "mocker" else "monkeypatch"
    return Rewrite(with_parameter(ctx, edits, name, idiom.function))


def _dedented(ctx: Context, statement: ast.stmt, lines: list[str], guard: ast.Try) -> str:
    """Return *lines* as one text that fits where *statement* stands when *guard* is gone."""
    inner = indentation_of(ctx.statement, guard.body[0])
    indentation = indentation_of(ctx.statement, guard) + indentation_of(ctx.statement, statement)[len(inner) :]
    return (newline_of(ctx.statement.text) + indentation).join(lines)
