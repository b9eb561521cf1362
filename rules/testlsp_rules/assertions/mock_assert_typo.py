from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Good, Rule, on_function
from testlsp.lint.context import unsafe
from testlsp.lint.rule import RUN_BY_PYTEST
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.mocks import MOCK_ASSERTIONS, mock_behind
from testlsp.semantic.raises import raises_blocks

from testlsp_rules.assertions._mock_assertions import attribute_range, mock_words, run_assertion, use
from testlsp_rules.assertions._peers import silenced_elsewhere

_WITHOUT_ASSERT = {name.removeprefix("assert_"): name for name in MOCK_ASSERTIONS} | {
    "called_once_once": "assert_called_once",
    "was_called": "assert_called",
    "was_called_once": "assert_called_once",
    "was_called_with": "assert_called_with",
    "was_called_once_with": "assert_called_once_with",
    "was_not_called": "assert_not_called",
    "called_only_once": "assert_called_once",
    "has_been_called": "assert_called",
    "has_been_called_once": "assert_called_once",
    "has_been_called_with": "assert_called_with",
    "has_been_called_once_with": "assert_called_once_with",
    "called_exactly_once": "assert_called_once",
}
_REAL = frozenset({"called", "awaited"})
_NEAR = 2
"""How many letters may differ."""


class MockAssertTypo(Rule):
    """Misspells an assertion of a mock, which the mock takes for one more attribute.

    A mock answers to every name. `mock.called_once_with(1)` and
    `mock.assert_caled_once()` record a call and compare nothing; newer Pythons
    refuse some of these names, but not all.

    Fix safety: the assertion has never run, so the test may turn red when it
    does.
    """

    code = "TL316"
    since = "0.1"
    words = ("Mock", "mock", "patch")
    message = "A mock has no such assertion, so nothing is checked"
    ruff = ("PGH005",)
    related = ("S9136 (SonarPython)", "PGH005 (ruff)", "TL317")
    source = "https://docs.python.org/3/library/unittest.mock.html#unittest.mock.Mock"
    examples = (
        Bad(
            """
            from unittest.mock import Mock

            def test_sends_mail():
                send = Mock()
                order("🍎", send)
                send.assert_called_onec_with("🍎")
                     ^^^^^^^^^^^^^^^^^^^^^^^ A mock has no `assert_called_onec_with`, so nothing is checked; `assert_called_once_with` is meant
            """,
            fixed="""
            from unittest.mock import Mock

            def test_sends_mail():
                send = Mock()
                order("🍎", send)
                send.assert_called_once_with("🍎")
            """,
        ),
        Good(
            """
            from unittest.mock import Mock

            def test_sends_mail():
                send = Mock()
                order("🍎", send)
                send.assert_called_once_with("🍎")
            """
        ),
        Bad(
            """
            from unittest.mock import patch

            @patch("shop.orders.send")
            def test_sends_mail(send, client):
                client.order("apple")
                assert send.return_value.now.called_once_with("apple")
                                             ^^^^^^^^^^^^^^^^ A mock has no `called_once_with`, so nothing is checked; `assert_called_once_with` is meant
            """,
            fixed="""
            from unittest.mock import patch

            @patch("shop.orders.send")
            def test_sends_mail(send, client):
                client.order("apple")
                send.return_value.now.assert_called_once_with("apple")
            """,
            why="A mock is true, whatever it is called with.",
        ),
        Bad(
            """
            def test_sends_mail(mocker):
                send = mocker.patch("shop.orders.send")
                order("apple")
                send.called_once
                     ^^^^^^^^^^^ A mock has no `called_once`, so nothing is checked; `assert_called_once` is meant
            """,
            fixed="""
            def test_sends_mail(mocker):
                send = mocker.patch("shop.orders.send")
                order("apple")
                send.assert_called_once()
            """,
        ),
        Bad(
            """
            from unittest import TestCase
            from unittest.mock import AsyncMock

            class TestOrders(TestCase):
                def setUp(self):
                    self.send = AsyncMock()

                def test_sends_mail(self):
                    order(self.send)
                    self.send.asssert_awaited_once()
                              ^^^^^^^^^^^^^^^^^^^^ A mock has no `asssert_awaited_once`, so nothing is checked; `assert_awaited_once` is meant
            """,
            fixed="""
            from unittest import TestCase
            from unittest.mock import AsyncMock

            class TestOrders(TestCase):
                def setUp(self):
                    self.send = AsyncMock()

                def test_sends_mail(self):
                    order(self.send)
                    self.send.assert_awaited_once()
            """,
        ),
        Bad(
            """
            from unittest.mock import Mock

            def test_sends_mail():
                send = Mock()
                order(send)
                assert send.called_once, "no mail"
                            ^^^^^^^^^^^ A mock has no `called_once`, so nothing is checked; `assert_called_once` is meant
            """,
            why="The call would leave no place for the message, so there is no fix.",
        ),
        Good(
            """
            def test_uses_the_cache(requests_mock, client):
                requests_mock.get("https://example.org")
                client.load()
                assert requests_mock.called_once
            """,
            why="Not a mock of `unittest.mock`: others do have attributes of these names.",
        ),
        Good(
            """
            from unittest.mock import Mock

            def test_sends_mail():
                log = Mock(spec=CallLog)
                order(log)
                assert log.called_once
            """,
            why="What the mock stands for may have this attribute.",
        ),
        Good(
            """
            import pytest
            from unittest.mock import Mock

            def test_refuses_misspelt_assertions():
                send = Mock()
                with pytest.raises(AttributeError):
                    send.called_once()
            """,
            why="The test is about the name being refused.",
        ),
        Good(
            """
            from unittest.mock import Mock

            def test_sends_mail():
                log = Mock(spec=CallLog)
                log.called_once()
                log = Mock(unsafe=True)
                log.called_once()
            """,
            why="Bound to several mocks, of which one may have this attribute.",
        ),
        Good(
            """
            from unittest.mock import Mock

            def test_sends_mail():
                send = Mock(called_with=7)
                order(send)
                assert send.called
                assert send.called_with == 7
                send.has_calls = True
                check(send.any_call)
            """,
            why="Attributes that are compared, set or handed on are attributes.",
        ),
        Good(
            """
            from unittest.mock import Mock

            def test_rows():
                table = Mock()
                table.assert_rows(3)
                table.assert_cell("a")
            """,
            why="Too far from any assertion of a mock to be a misspelling of one.",
        ),
        Good(
            """
            from unittest.mock import Mock

            def test_sends_mail():
                send = Mock()
                send = real_sender()
                send.called_once()
            """,
            why="The name is bound to something else, too.",
        ),
    )

    @on_function(*RUN_BY_PYTEST, FunctionKind.HELPER)
    def check(self, ctx: Context, function: Function) -> None:
        """Look at the attributes of a function whose text speaks of mocks."""
        if mock_words(ctx):
            for node in function.bag.get(ast.Attribute, ()):
                assert isinstance(node, ast.Attribute)
                self.check_attribute(ctx, node)

    def check_attribute(self, ctx: Context, node: ast.Attribute) -> None:
        """Report a name that is nearly, but not quite, an assertion of a mock."""
        name = node.attr
        if len(name) < 8 or name in _REAL or name in MOCK_ASSERTIONS:
            return
        if name not in _WITHOUT_ASSERT and not _resembles(name):
            return
        found = use(ctx, node)
        if found is None or not isinstance(node.ctx, ast.Load):
            return
        mock = mock_behind(node.value, ctx.function, ctx.model)
        if mock is None or (mock.specified and name in _WITHOUT_ASSERT):
            return
        meant = _WITHOUT_ASSERT.get(name) or _nearest(name)
        around = found[0]
        if meant is None or silenced_elsewhere(ctx, around, self.ruff):
            return
        known_to_ruff = isinstance(around, ast.Assert) and name in _WITHOUT_ASSERT
        if _is_refused(ctx, around):
            return
        if known_to_ruff and ctx.settings.reported_by_ruff(ctx.path, *self.ruff):
            return
        fixes = [unsafe(f"Make this assertion run: `{meant}`", lambda: run_assertion(ctx, node, meant), preferred=True)]
        ctx.report(
            attribute_range(ctx, node),
            f"A mock has no `{name}`, so nothing is checked; `{meant}` is meant",
            fixes=() if isinstance(around, ast.Assert) and around.msg is not None else fixes,
        )


def _is_refused(ctx: Context, node: ast.stmt) -> bool:
    """Whether the test is about the mock's refusal of such names."""
    around = ctx.ancestors(node)
    return any(block.node in around for block in raises_blocks(ctx.function, ctx.model))


def _resembles(name: str) -> bool:
    """Whether *name* begins about like "assert_" and has one of the words of a mock's assertions."""
    return (
        name[0] == "a"
        and "s" in name[:4]
        and any(part in name[5:] for part in ("call", "cal", "await", "awat", "aited"))
    )


def _nearest(name: str) -> str | None:
    """Return the one assertion that *name* can be a misspelling of."""
    distances = sorted(
        (_distance(name, known), known) for known in MOCK_ASSERTIONS if abs(len(name) - len(known)) <= _NEAR
    )
    if not distances or distances[0][0] > _NEAR:
        return None
    if len(distances) > 1 and distances[1][0] == distances[0][0]:
        return None
    return distances[0][1]


def _distance(left: str, right: str) -> int:
    """Return how many letters have to be added, dropped, changed or swapped with the next to get from *left* to *right*."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, letter in enumerate(left, 1):
        earlier, before, row = before, row, [i]
        for j, other in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if earlier and i > 1 and j > 1 and letter == right[j - 2] and left[i - 2] == other:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]
