from __future__ import annotations

import ast
import re

from testlsp.lint import Bad, Context, Good, Rule, on_call
from testlsp.text.patterns import pattern

from testlsp_rules.flakiness._clock import is_simulated

_SLEEPS = frozenset("time.sleep asyncio.sleep anyio.sleep trio.sleep curio.sleep gevent.sleep eventlet.sleep".split())
_LIMITS = frozenset(
    "anyio.fail_after anyio.fail_at anyio.move_on_after anyio.move_on_at anyio.CancelScope trio.fail_after "
    "trio.fail_at trio.move_on_after trio.move_on_at trio.CancelScope asyncio.timeout asyncio.timeout_at async_timeout.timeout".split()
)
_NO_OTHER_WAY = pattern(r"can('|no)t|impossible|no (other|better) way|unavoidable", re.I)


class Sleep(Rule):
    """Waits a fixed time for something to happen.

    On a slow machine the time is too short and the test fails; on all others
    it is too long, in every run. Wait for the condition itself, with a limit:
    poll in a loop, wait on an event or join the thread. Where only the clock
    matters, freeze it and move it on. Pauses up to a tenth of a second (a setting), pauses
    on a condition or in a polling loop, pauses that a time limit or a cancellation is to
    interrupt, and pauses inside stand-ins that simulate a slow answer are left alone.
    """

    code = "TL601"
    since = "0.1"
    message = "This pause is too long on a fast machine and too short on a slow one; wait for the condition, or move a frozen clock"
    related = ("FLK-001 (pytest-linter)", "PTD301 (pytest-tidy)", "ZR002 (zorilla)")
    source = "https://docs.pytest.org/en/stable/explanation/flaky.html"
    words = ("sleep",)
    options = ("max-sleep",)
    examples = (
        Bad(
            """
            import time

            def test_job_finishes(queue):
                queue.submit("⏱")
                time.sleep(2)
                ^^^^^^^^^^^^^
                assert queue.finished == 1
            """,
        ),
        Good(
            """
            import time

            def test_job_finishes(queue):
                queue.submit()
                deadline = time.monotonic() + 10
                while not queue.finished and time.monotonic() < deadline:
                    time.sleep(0.1)
                assert queue.finished == 1

            def test_second_try(queue):
                try:
                    job = queue.job("print")
                except LookupError:
                    time.sleep(2)
                    job = queue.job("print")
                assert job.finished == 1
            """
        ),
        Bad(
            """
            import asyncio

            class TestQueue:
                async def test_job_finishes(self, queue):
                    pause = 0.5
                    queue.submit()
                    await asyncio.sleep(pause)
                          ^^^^^^^^^^^^^^^^^^^^
                    assert queue.finished == 1
            """,
        ),
        Bad(
            """
            from time import sleep as pause

            def test_all_jobs_finish(queue):
                for number in range(3):
                    queue.submit(number)
                    pause(1)
                    ^^^^^^^^
                assert queue.finished == 3
            """,
            why="A loop that looks at nothing in between does not poll.",
        ),
        Good(
            """
            import time

            def test_job_finishes(queue):
                queue.submit()
                for _ in range(50):
                    if queue.finished:
                        break
                    time.sleep(0.2)
                assert queue.finished == 1
            """,
            why="A loop that can end early polls.",
        ),
        Good(
            """
            import time

            def test_job_finishes(queue):
                queue.submit()
                if queue.is_remote:
                    time.sleep(10)
                for _ in range(5):
                    if not queue.finished:
                        time.sleep(1)
                assert queue.finished == 1
            """,
            why="It is only waited where it must be.",
        ),
        Good(
            """
            import asyncio, time

            async def test_order(queue):
                first = queue.submit()
                time.sleep(0.1)
                second = queue.submit()
                await asyncio.sleep(0)
                assert first.created < second.created
            """,
            why="A few milliseconds only make the clock advance; `sleep(0)` only gives way to other tasks.",
        ),
        Good(
            """
            import time

            def test_job_finishes(queue):
                queue.submit()
                time.sleep(1)
                assert queue.finished == 1
            """,
            settings={"max-sleep": 1},
            why="How long a pause may be is a setting.",
        ),
        Good(
            """
            import asyncio

            async def test_slow_answer(client):
                async def answer():
                    await asyncio.sleep(5)

                client.transport = answer
                assert await client.get("/", timeout=0.1) is None
            """,
            why="A stand-in simulates a slow answer.",
        ),
        Good(
            """
            import asyncio
            import pytest

            async def test_limit(limit):
                with pytest.raises(TimeoutError):
                    async with limit(0.1):
                        await asyncio.sleep(10)
            """,
            why="The pause is what is interrupted.",
        ),
        Good(
            """
            import asyncio
            import pytest

            async def test_limit():
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(asyncio.sleep(10), 0.1)
                task = asyncio.ensure_future(asyncio.sleep(1))
                assert task.cancel()
            """,
            why="Nobody waits for these.",
        ),
        Good(
            """
            import anyio
            import asyncio

            async def test_limits(done):
                result = False
                with anyio.move_on_after(0.1) as limit:
                    await anyio.sleep(1)
                    result = True
                assert limit.cancelled_caught
                async with asyncio.timeout(0.1) as limit:
                    limit.reschedule(done.at)
                    await asyncio.sleep(0.2)
            """,
            why="A time limit is what is tested.",
        ),
        Good(
            """
            import anyio
            import pytest

            async def test_child_cancels_the_host(child):
                completed = False
                async with anyio.create_task_group() as group:
                    group.start_soon(child)
                    await anyio.sleep(1)
                    completed = True
                assert not completed

            async def test_cancelled(child):
                async with anyio.create_task_group() as group:
                    group.start_soon(child)
                    await anyio.sleep(1)
                    pytest.fail("not cancelled")
            """,
            why="The test says that the pause does not come to its end.",
        ),
        Bad(
            """
            import anyio

            async def test_job_finishes(queue):
                waited = False
                with anyio.fail_after(30):
                    queue.submit()
                    await anyio.sleep(1)
                          ^^^^^^^^^^^^^^
                    waited = True
                assert waited
                assert not queue.jobs
            """,
            why="The limit is but a safety net.",
        ),
        Good(
            """
            import time
            from unittest.mock import patch

            @patch("time.sleep")
            def test_retries(sleep):
                time.sleep(3)
                sleep.assert_called_once_with(3)
            """,
            why="The clock is replaced.",
        ),
        Good(
            """
            import time

            def test_retries(monkeypatch):
                monkeypatch.setattr(time, "sleep", print)
                time.sleep(3)
                assert True is not None
            """,
            why="The clock is replaced with `monkeypatch`.",
        ),
        Good(
            """
            import time

            class TestRetries:
                def setup_method(self):
                    self.clock = freeze_time("2024-01-01")

                def test_expiry(self, cache, frozen_time):
                    time.sleep(3)
                    assert cache.is_empty()
            """,
            why="A fixture freezes the time.",
        ),
        Good(
            """
            import time

            def test_job_finishes(queue, settle_time):
                queue.submit()
                time.sleep(settle_time)
                assert queue.finished == 1
            """,
            why="How long this takes is not known.",
        ),
        Good(
            """
            class Clock:
                def sleep(self, seconds):
                    self.now = seconds

            time = Clock()

            def test_clock():
                time.sleep(3)
                assert time.now == 3
            """,
            why="It is no sleep.",
        ),
        Good(
            """
            import time

            def test_deadlock(store, other_thread):
                other_thread.start()
                # The two cannot be synchronised by an event,
                # because the other one blocks.
                time.sleep(1)
                assert store.update(1) == "deadlock"
            """,
            why="A comment says that there is no other way.",
        ),
        Good(
            """
            import asyncio

            async def test_slow_call_keeps_the_connection(connection):
                connection.send(SLOW)
                await asyncio.sleep(1.2)
                assert not connection.closed
            """,
            why="What must not happen within a time is waited for by waiting.",
        ),
    )

    @on_call("sleep")
    def check(self, ctx: Context, node: ast.Call) -> None:
        """Report a pause of fixed, noticeable length in the test itself."""
        if len(node.args) != 1 or (isinstance(node.func, ast.Attribute) and node.func.attr != "sleep"):
            return
        if ctx.qualified_name(node.func) not in _SLEEPS:
            return
        seconds = _seconds(ctx, node.args[0])
        parent = ctx.parent(node)
        short = ctx.settings.max_sleep
        # Tasks need no clock: they get this much only to wait.
        if not seconds or seconds < short or (seconds == short and not isinstance(parent, ast.Await)):
            return
        statement = ctx.parent(parent) if isinstance(parent, ast.Await) else parent
        if isinstance(statement, ast.Expr) and not _is_the_act(ctx, statement) and not _polls(ctx, statement):
            interrupted = _is_limited(ctx, statement, seconds) or _is_cut_short(ctx, statement)
            needed = _is_said_to_be_needed(ctx, statement) or _nothing_may_happen(ctx, statement)
            if not (interrupted or needed or is_simulated(ctx, ctx.function)):
                ctx.report(node)


def _is_said_to_be_needed(ctx: Context, statement: ast.Expr) -> bool:
    """Whether the comment directly above says that there is no other way."""
    text = ctx.statement.text
    above: list[str] = []
    for line in reversed(text[: ctx.statement.range(statement).start].splitlines()[:-1]):
        if not line.lstrip().startswith("#"):
            break
        above.append(line)
    return _NO_OTHER_WAY.search(" ".join(above)) is not None


def _nothing_may_happen(ctx: Context, statement: ast.Expr) -> bool:
    """Whether what follows asserts that something has not happened meanwhile, for which no condition can be awaited."""
    after = _next(ctx, statement)
    return isinstance(after, ast.Assert) and isinstance(after.test, ast.UnaryOp) and isinstance(after.test.op, ast.Not)


def _next(ctx: Context, statement: ast.Expr) -> ast.stmt | None:
    """Return the statement behind *statement* in its block."""
    body: list[ast.stmt] = getattr(ctx.parent(statement), "body", [])
    return body[body.index(statement) + 1] if statement in body[:-1] else None


def _seconds(ctx: Context, node: ast.expr) -> float | None:
    """Return the number that *node* is, or that the only assignment to the variable *node* gives it."""
    if isinstance(node, ast.Name):
        given = [
            assignment.value
            for assignment in ctx.function.bag.get(ast.Assign, ())
            if isinstance(assignment, ast.Assign)
            and any(isinstance(target, ast.Name) and target.id == node.id for target in assignment.targets)
        ]
        node = given[0] if len(given) == 1 else node
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    return None


def _is_the_act(ctx: Context, statement: ast.Expr) -> bool:
    """Whether nothing but the pause stands in a block that watches it."""
    block = ctx.parent(statement)
    return isinstance(block, ast.With | ast.AsyncWith | ast.Try) and block.body == [statement]


def _is_limited(ctx: Context, statement: ast.Expr, seconds: float) -> bool:
    """Whether a block around the pause limits its time; one that gives it long enough is but a safety net."""
    return any(
        isinstance(call := item.context_expr, ast.Call)
        and ctx.qualified_name(call.func) in _LIMITS
        and not (call.args and (_seconds(ctx, call.args[0]) or 0) > seconds)
        for block in ctx.ancestors(statement)
        if isinstance(block, ast.With | ast.AsyncWith)
        for item in block.items
    )


def _is_cut_short(ctx: Context, statement: ast.Expr) -> bool:
    """Whether what follows the pause says that it is never reached: it fails, or sets what is asserted to be unset."""
    after = _next(ctx, statement)
    if isinstance(after, ast.Expr) and isinstance(after.value, ast.Call):
        return ctx.qualified_name(after.value.func) == "pytest.fail"
    names = {each.id for each in after.targets if isinstance(each, ast.Name)} if isinstance(after, ast.Assign) else ()
    return any(
        isinstance(node.test, ast.UnaryOp)
        and isinstance(node.test.op, ast.Not)
        and isinstance(node.test.operand, ast.Name)
        and node.test.operand.id in names
        for node in (ctx.function.bag.get(ast.Assert, ()) if names else ())
        if isinstance(node, ast.Assert)
    )


def _polls(ctx: Context, statement: ast.Expr) -> bool:
    """Whether the pause depends on something: on a condition, or on a loop that can end early."""
    for ancestor in ctx.ancestors(statement):
        if isinstance(ancestor, ast.While | ast.If | ast.ExceptHandler):
            return True
        if isinstance(ancestor, ast.For | ast.AsyncFor):
            inside = (ast.Break, ast.Return, ast.Try)
            return any(ancestor in ctx.ancestors(node) for kind in inside for node in ctx.function.bag.get(kind, ()))
    return False
