"""Which changes of process state are leaks, decided alike for all rules of the family."""

from __future__ import annotations

import ast

from testlsp.lint import Context
from testlsp.semantic.cleanup import cleanup_name, only_resets
from testlsp.semantic.effects import NAMED, Effect, EffectKind, effects_of
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.order import dominates, is_last_act
from testlsp.semantic.restoration import RestoredBy, restoration

SEEN = (FunctionKind.TEST, FunctionKind.FIXTURE, FunctionKind.XUNIT, FunctionKind.NESTED, FunctionKind.IMPORT_TIME)


def is_leak(ctx: Context, effect: Effect) -> bool:
    """Whether *effect* outlives what pytest runs here, because nothing, or only a later statement, puts it back."""
    outer = effect.function.outermost
    if outer.kind not in {FunctionKind.TEST, FunctionKind.FIXTURE, FunctionKind.XUNIT}:
        return False
    if only_resets(outer):
        return False
    if outer.in_unittest is None or (outer.in_unittest and not base_is_known(ctx, outer)):
        return False  # an unknown base class may have a tearDown
    if outer.fixture is not None and outer.fixture.scope == "session" and ctx.path.endswith("conftest.py"):
        return False  # meant for the whole run
    if (
        is_last_act(effect, ctx.model)
        or _is_repeated(ctx, effect)
        or _must_fail(ctx, effect)
        or _calls_cleanup(ctx, effect)
    ):
        return False
    restored = restoration(effect, ctx.model)
    if restored is not None:
        return restored.by is RestoredBy.LATER and not _restored_from_outside(ctx, effect)
    return not _restored_from_outside(ctx, effect)


def put_back_later(ctx: Context, effect: Effect) -> bool:
    """Whether a later statement of the function puts the state back, unless the test fails before."""
    restored = restoration(effect, ctx.model)
    return restored is not None and restored.by is RestoredBy.LATER


def _restored_from_outside(ctx: Context, effect: Effect) -> bool:
    """Whether a fixture does it; asked last, because the answer depends on other files."""
    restored = restoration(effect, ctx.model, ctx.graph)
    return restored is not None and restored.by is not RestoredBy.LATER


_TEST_CASES = (
    "unittest.",
    "django.test.",
    "rest_framework.test.",
    "testtools.",
    "twisted.trial.unittest.",
    "absl.testing.",
)


def base_is_known(ctx: Context, function: Function) -> bool:
    info = function.class_info
    if info is None:
        return True
    for base in info.node.bases:
        name = ctx.model.qualified_name(base)
        if name is None:
            binding = ctx.model.names.table.get(base.id) if isinstance(base, ast.Name) else None
            if (
                binding is None
                or binding.kind != "class"
                or not all(_is_test_case(ctx, text) for text in binding.bases)
            ):
                return False
            if any(ctx.model.function_named(hook, (binding.name,)) for hook in ("tearDown", "tearDownClass", "setUp")):
                return False
        elif not name.startswith(_TEST_CASES):
            return False
    return True


def _is_test_case(ctx: Context, base: str | None) -> bool:
    root, _, rest = (base or "").partition(".")
    target = ctx.model.names.target(root)
    return target is not None and f"{target}.{rest}".startswith(_TEST_CASES)


def _is_repeated(ctx: Context, effect: Effect) -> bool:
    """Whether the same thing was changed before: the first change is the finding, and its mending mends this one."""
    function = effect.function
    return any(
        other is not effect and _same(other, effect) and dominates(function, other.node, effect.node)
        for other in effects_of(function, ctx.model)
    )


def _same(other: Effect, effect: Effect) -> bool:
    if other.kind is not effect.kind:
        return False
    if effect.kind in {EffectKind.CWD, EffectKind.SYS_PATH}:
        return True
    if effect.kind in NAMED and (effect.target != other.target or effect.kind is not EffectKind.CONTAINER):
        return other.target == effect.target
    if effect.kind is EffectKind.MODULE_ATTR:
        return other.target == effect.target
    return other.key is not None and other.key_dump == effect.key_dump and other.target == effect.target


def _calls_cleanup(ctx: Context, effect: Effect) -> bool:
    """Whether something like ``snapshot.restore()`` follows, or ``Kernel.clear_instance()`` for ``Kernel._instance``.

    It may well put everything back.
    """
    owner = (effect.target or "").rpartition(".")[0]
    return any(
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and (
            cleanup_name(call.func.attr)
            or (call.func.attr.startswith("clear") and ctx.qualified_name(call.func.value) == owner != "")
        )
        and (call.lineno, call.col_offset) > effect.position
        for call in effect.function.bag.get(ast.Call, ())
    )


def _must_fail(ctx: Context, effect: Effect) -> bool:
    """Whether the write is the last act under ``pytest.raises``: it is tested that it does not succeed."""
    node: ast.AST = effect.node
    for parent in ctx.ancestors(effect.node):
        if isinstance(parent, ast.With | ast.AsyncWith) and is_raising(ctx, parent):
            return parent.body[-1] is node
        if not isinstance(parent, ast.expr):
            node = parent
    return False


def is_raising(ctx: Context, node: ast.With | ast.AsyncWith) -> bool:
    """Whether an exception is expected in the block."""
    names = [_called(ctx, item.context_expr) for item in node.items]
    return any(name == "pytest.raises" or name.startswith("assertRaises") for name in names)


def _called(ctx: Context, node: ast.expr) -> str:
    if not isinstance(node, ast.Call):
        return ""
    return ctx.qualified_name(node.func) or (node.func.attr if isinstance(node.func, ast.Attribute) else "")


def is_guarded(ctx: Context, effect: Effect) -> bool:
    """Whether import-time code runs under a condition (a polyfill, a stand-in for what is not installed), or in a script."""
    if any(isinstance(parent, ast.If | ast.Try) for parent in ctx.ancestors(effect.node)):
        return True
    return not any(
        name.startswith(("test", "Test")) or name.endswith(("Test", "Tests")) for name in ctx.model.names.table
    )


def put_back_at_once(ctx: Context, effect: Effect) -> bool:
    """Whether the very next statement puts the state back: ``umask = os.umask(0); os.umask(umask)`` only reads it."""
    restored = restoration(effect, ctx.model)
    if restored is None or restored.by is not RestoredBy.LATER:
        return False
    end = min((other.position for other in restored.effects), default=effect.position)
    return not any(
        isinstance(node, ast.Call)
        and node is not effect.node
        and effect.position < (node.lineno, node.col_offset) < end
        for node in effect.function.bag.get(ast.Call, ())
    )
