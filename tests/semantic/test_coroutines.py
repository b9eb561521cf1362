"""Which calls make coroutines that nothing runs."""

from __future__ import annotations

import ast
import textwrap

import pytest
from testlsp.semantic import SemanticModel
from testlsp.semantic.coroutines import makes_coroutine
from testlsp.syntax import parse

FILE = """
    import asyncio
    import contextlib
    from asyncio import sleep as rest

    async def fetch(): ...

    def plain(): ...

    async def pages():
        yield 1

    @contextlib.asynccontextmanager
    async def opened():
        yield 1

    async def twice(): ...
    async def twice(): ...

    class TestIt:
        async def own(self): ...

        async def test_it(self, given):
            async def inner(): ...
            {call}
"""


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("fetch()", True),
        ("inner()", True),
        ("self.own()", True),
        ("rest(0)", True),
        ("asyncio.to_thread(plain)", True),
        ("plain()", False),
        ("pages()", False),
        ("opened()", False),
        ("twice()", False),
        ("given()", False),
        ("self.other()", False),
        ("asyncio.gather(fetch())", False),
        ("asyncio.create_task(fetch())", False),
    ],
)
def test_only_certain_coroutines_count(call: str, expected: bool) -> None:
    """An ``async def`` of the file counts, where nothing can have made something else of it."""
    model = SemanticModel(parse("test_it.py", textwrap.dedent(FILE).replace("{call}", call)))
    function = model.function_named("test_it", ("TestIt",))
    assert function is not None
    node = function.bag[ast.Call][0]
    assert isinstance(node, ast.Call)
    assert makes_coroutine(node, function, model) is expected
