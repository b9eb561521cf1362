"""Which helpers change the environment for their callers."""

from __future__ import annotations

import textwrap

from testlsp.semantic import FileRole, SemanticModel
from testlsp.semantic.environment import ANY, environment_changes
from testlsp.syntax import parse


def changes(code: str) -> dict[str, set[str]]:
    """Return the variables that the helpers of a test file change, by the helper's dotted name."""
    model = SemanticModel(parse("/p/test_it.py", textwrap.dedent(code)), FileRole.TEST_MODULE)
    return {".".join((*chain, name)): set(found) for (chain, name), found in environment_changes(model).items()}


def test_variables_are_named_where_they_are_literals() -> None:
    """A caller that restores one variable may not be blamed for another."""
    assert changes(
        """
        import os
        def one(): os.environ["A"] = "1"
        def two(name): del os.environ["B"]; os.environ[name] = "1"
        class Base:
            def many(self, values): os.environ.update(values)
        """
    ) == {"one": {"A"}, "two": {"B", ANY}, "Base.many": {ANY}}


def test_helpers_are_followed_two_calls_deep() -> None:
    """What a helper of a helper changes is changed; further away nobody looks."""
    assert changes(
        """
        import os
        def three(): return two()
        def two(): one()
        def one(): os.environ["A"] = "1"
        """
    ) == {"one": {"A"}, "two": {"A"}}


def test_who_restores_changes_nothing() -> None:
    """Context managers, fixtures, tests and helpers with a `finally` are no matter of their callers."""
    assert not changes(
        """
        import os, contextlib, pytest
        @contextlib.contextmanager
        def manager():
            os.environ["A"] = "1"
            yield
        def careful():
            os.environ["A"] = "1"
            try: run()
            finally: del os.environ["A"]
        @pytest.fixture
        def fixture(): os.environ["A"] = "1"
        def test_it(): os.environ["A"] = "1"
        def reads(): return os.environ["A"]
        """
    )
