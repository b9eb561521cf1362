from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Fix, Good, Rewrite, Rule, Severity, on_effect
from testlsp.lint.context import unsafe
from testlsp.rewrite import replace_statement
from testlsp.semantic.effects import Effect, EffectKind
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.text import Edit

from testlsp_rules.process_state._leaks import is_leak, put_back_later

_GENERATORS = {"random": "Random", "numpy.random": "RandomState"}
"""The class of a generator of its own that gives the same numbers for the same seed."""

_METHODS = frozenset(
    "betavariate binomial choice choices expovariate exponential gauss getrandbits normal normalvariate permutation "
    "poisson rand randbytes randint randn random random_sample randrange sample shuffle standard_normal triangular "
    "uniform".split()
)


class GlobalSeed(Rule):
    """Seeds the global random generator in a test, for all later tests too.

    Every user of the generator gets its numbers in turn: a later test, or this one
    after a change of the code under test, sees others. A generator of its own,
    `random.Random(0)`, gives a test its own numbers. With pytest-randomly, which
    seeds before each test, it does no harm.

    Fix safety: unsafe, because the code under test may draw from the global generator
    and is then no longer seeded.
    """

    code = "TL215"
    since = "0.1"
    words = ("seed", "setstate", "set_state", "set_rng_state")
    message = "The global random generator is seeded here for all later tests, too"
    severity = Severity.INFORMATION
    related = ("NPY002 (ruff)",)
    source = "https://docs.python.org/3/library/random.html#random.Random"
    examples = (
        Bad(
            """
            import random

            def test_sorted(sort):
                random.seed(0)  # 🎲
                ^^^^^^^^^^^^^^
                numbers = [random.random() for _ in range(9)]
                random.shuffle(numbers)
                assert sort(numbers) == sorted(numbers)
            """,
            fixed="""
            import random

            def test_sorted(sort):
                rng = random.Random(0)  # 🎲
                numbers = [rng.random() for _ in range(9)]
                rng.shuffle(numbers)
                assert sort(numbers) == sorted(numbers)
            """,
        ),
        Good(
            """
            import random

            def test_sorted(sort):
                rng = random.Random(0)
                numbers = [rng.random() for _ in range(9)]
                assert sort(numbers) == sorted(numbers)
            """
        ),
        Bad(
            """
            import numpy as np

            class TestMean:
                def test_mean(self, mean):
                    np.random.seed(1)
                    ^^^^^^^^^^^^^^^^^
                    assert -1 < mean(np.random.rand(9), np.random.randn(2, 3)) < 1
            """,
            fixed="""
            import numpy as np

            class TestMean:
                def test_mean(self, mean):
                    rng = np.random.RandomState(1)
                    assert -1 < mean(rng.rand(9), rng.randn(2, 3)) < 1
            """,
        ),
        Bad(
            """
            import random
            import torch

            def test_net(net):
                torch.manual_seed(0)
                ^^^^^^^^^^^^^^^^^^^^
                assert net(torch.rand(3)).loss() < 1

            def test_drawn(draw):
                random.seed(4)
                ^^^^^^^^^^^^^^
                draw(random)
                assert random.random() == draw(random.random)
            """,
            why="whether others draw from the generator is not clear: no fix",
        ),
        Good(
            """
            import random
            import pytest

            @pytest.fixture(autouse=True)
            def seeded():
                random.seed(0)

            def test_shuffled(shuffled):
                state = random.getstate()
                random.seed(0)
                try:
                    assert shuffled([1, 2, 3]) == [1, 3, 2]
                finally:
                    random.setstate(state)
            """,
            why="a fixture that seeds for every test makes them equal; and a state that is set back",
        ),
        Good(
            """
            import random

            def test_shuffled(shuffled):
                random.seed(0)
                assert shuffled([1, 2, 3]) == [1, 3, 2]

            def test_same(default_generator):
                random.seed(0)
                first = random.random()
                random.seed(0)
                assert first == default_generator().random()
            """,
            why="it is the code under test that draws: there is no other way to seed it",
        ),
    )

    @on_effect(EffectKind.SEED, kinds=(FunctionKind.TEST,))
    def check(self, ctx: Context, effect: Effect) -> None:
        """Report a seed in a test whose generator nobody sets back."""
        if effect.method not in {"seed", "manual_seed"} or not is_leak(ctx, effect) or put_back_later(ctx, effect):
            return
        if effect.target == "numpy.random" and ctx.settings.reported_by_ruff(ctx.path, "NPY002"):
            return
        drawn = _draws(ctx, effect)
        if not drawn or _seeded_twice(effect.function, effect.node):
            return
        ctx.report(effect.node, fixes=_fixes(ctx, effect, drawn))


def _fixes(ctx: Context, effect: Effect, drawn: list[ast.expr]) -> list[Fix]:
    made, whole, call = _GENERATORS.get(effect.target or ""), effect.whole, effect.node
    function = effect.function
    if made is None or whole is None or not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return []
    assert function.node is not None
    if (
        len(drawn) < len(_mentions(ctx, effect))
        or "rng" in function.locals
        or ctx.model.names.table.get("rng") is not None
    ):
        return []
    if function.nested or not any(item is whole for item in function.node.body):
        return []
    func = call.func

    def build() -> Rewrite:
        module = ctx.source_of(func.value)
        arguments = ctx.source_of(call)[len(ctx.source_of(func)) :]
        edits = replace_statement(ctx.statement, whole, f"rng = {module}.{made}{arguments}")
        return Rewrite([*edits, *(Edit(ctx.statement.range(each), "rng") for each in drawn)])

    return [unsafe("Use a generator of its own", build)]


def _mentions(ctx: Context, effect: Effect) -> list[ast.expr]:
    """Return where the function names the module of the generator, apart from the seed itself."""
    module = effect.target or ""
    kind: type[ast.expr] = ast.Attribute if "." in module else ast.Name
    seed = getattr(getattr(effect.node, "func", None), "value", None)
    return [
        node
        for node in ctx.function.bag.get(kind, ())
        if isinstance(node, ast.expr) and node is not seed and ctx.qualified_name(node) == module
    ]


def _draws(ctx: Context, effect: Effect) -> list[ast.expr]:
    """Return the mentions of the module by which numbers are drawn after the seed."""
    return [node for node in _mentions(ctx, effect) if node.lineno > effect.node.lineno and _is_draw(ctx, node)]


def _is_draw(ctx: Context, node: ast.expr) -> bool:
    parent = ctx.parent(node)
    if not isinstance(parent, ast.Attribute) or parent.attr not in _METHODS:
        return False
    call = ctx.parent(parent)
    return isinstance(call, ast.Call) and call.func is parent


def _seeded_twice(function: Function, seed: ast.AST) -> bool:
    return any(
        isinstance(call, ast.Call) and call is not seed and getattr(call.func, "attr", "") in {"seed", "manual_seed"}
        for call in function.bag.get(ast.Call, ())
    )
