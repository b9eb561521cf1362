"""What can fail a test, what is a mock, and what expects an exception."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest
from testlsp.semantic import FileRole, SemanticModel
from testlsp.semantic.assertions import checking_helpers, checks_in
from testlsp.semantic.functions import Function
from testlsp.semantic.graph import FixtureGraph
from testlsp.semantic.mocks import Mock, mock_behind
from testlsp.semantic.modules import Root
from testlsp.semantic.raises import raises_blocks
from testlsp.semantic.summary import FileSummary, summarise
from testlsp.syntax import parse

MODULE = "/project/tests/test_module.py"


def model_of(code: str, path: str = MODULE) -> SemanticModel:
    """Return the model of a file with that code."""
    role = FileRole.TEST_MODULE if "/test_" in path else FileRole.OTHER
    return SemanticModel(parse(path, dedent(code)), role)


def graph_of(**files: str) -> FixtureGraph:
    """Return the graph of the modules given by name, all in the folder of tests."""
    summaries = {}
    for name, code in files.items():
        path = f"/project/tests/{name}.py"
        model = model_of(code, path)
        summaries[path] = summarise(model.source, model)
    return FixtureGraph(summaries, roots=(Root("/project"),))


def function_named(model: SemanticModel, name: str) -> Function:
    """Return the function of that name, wherever it is defined."""
    return next(function for function in model.functions if function.name == name)


def test_helpers_of_a_file_are_those_that_check_or_call_one_that_does() -> None:
    """Assertions count directly, in nested functions, and through another helper; plain errors and tests do not."""
    model = model_of(
        """
        def plain(): return 1
        def direct(x): assert x
        def through(x): direct(x)
        def nested():
            def inner(): assert 0
            return inner
        def refuses(): raise ValueError
        def complains(): raise AssertionError("no")
        def test_it(): assert plain()
        class Page:
            def look(self): self.expect_title("x")
        """
    )
    assert checking_helpers(model) == ("Page.look", "complains", "direct", "nested", "through")


def test_a_broken_statement_may_check() -> None:
    """Where a helper does not parse, nothing is concluded from the assertion that cannot be seen."""
    model = model_of("def helper(x):\n    y = x\n    assert x =\n\ndef test_a():\n    helper(1)\n")
    assert checking_helpers(model) == ("helper",)


@pytest.mark.parametrize(
    "body",
    [
        "assert x",
        "pytest.fail('no')",
        "with pytest.warns(UserWarning): act()",
        "np.testing.assert_allclose(x, 1)",
        "look(x)",
        "direct(x)",
        "aliased(x)",
        "handed_in(x)",
        "unknown(x)",
        "subprocess.run(['x'], check=True)",
        "warnings.simplefilter('error')",
        "x.verify()",
        "check_mail()",
        "make_checker()(x)",
    ],
)
def test_what_counts_as_a_check(body: str) -> None:
    """Checks and everything that may be one, also in another file and under another name."""
    code = f"""
    import pytest, subprocess, warnings
    import numpy as np
    from support import look, make_checker
    from support import look as aliased

    def direct(x): assert x

    def test_it(x, handed_in):
        {body}
    """
    graph = graph_of(test_module=code, support="from deeper import look\n", deeper="def look(x):\n    assert x\n")
    model = model_of(code)
    assert checks_in(function_named(model, "test_it"), model, graph, lambda name: False)


@pytest.mark.parametrize("body", ["act(x)", "y = x.total()", "print(x)", "made = Thing(x)", "plain(x)", "x.update(1)"])
def test_what_is_no_check(body: str) -> None:
    """Calls of the code under test, constructors, and helpers that assert nothing."""
    code = f"""
    from app import act, Thing

    def plain(x): return x

    def test_it(x):
        {body}
    """
    model = model_of(code)
    assert not checks_in(function_named(model, "test_it"), model, graph_of(test_module=code), lambda name: False)


def test_names_given_by_the_settings_count() -> None:
    """A function that the caller names is a check."""
    code = "from app import compare\n\ndef test_it(x):\n    compare(x)\n"
    model = model_of(code)
    function, graph = function_named(model, "test_it"), graph_of(test_module=code)
    assert not checks_in(function, model, graph, lambda name: False)
    assert checks_in(function, model, graph, lambda name: name == "compare")


def test_helpers_survive_being_stored() -> None:
    """A summary read back from plain data still names the helpers and markers."""
    model = model_of("import pytest\npytestmark = [pytest.mark.smoke]\n\ndef direct(x):\n    assert x\n")
    summary = summarise(model.source, model)
    assert FileSummary.from_data(summary.to_data()) == summary
    assert (summary.helpers, summary.markers) == (("direct",), ("pytest.mark.smoke",))


@pytest.mark.parametrize(
    ("code", "expression", "expected"),
    [
        ("from unittest.mock import Mock\ndef test_a():\n    m = Mock()\n    m.x.y", "m.x.y", Mock(False)),
        ("from unittest import mock\ndef test_a():\n    m = mock.Mock(spec=int)\n    m.x", "m.x", Mock(True)),
        ("import unittest.mock as um\ndef test_a():\n    with um.patch('a.b') as m:\n        m()", "m()", Mock(False)),
        ("from unittest.mock import patch\ndef test_a():\n    with patch('a.b', 3) as m:\n        m.x", "m.x", None),
        (
            "from unittest.mock import patch as p\n@p('a.b')\n@p('a.c', 7)\n@p('a.x')\ndef test_a(x, one):\n    one.x",
            "one.x",
            Mock(False),
        ),
        (
            "from unittest.mock import patch\n@patch('a.one')\ndef test_a(one, other):\n    other.x",
            "other.x",
            None,
        ),
        ("def test_a(mocker):\n    m = mocker.patch.object(app, 'x')\n    m.y", "m.y", Mock(False)),
        ("from app import Mock\ndef test_a():\n    m = Mock()\n    m.x", "m.x", None),
        ("from unittest.mock import Mock\ndef test_a(c):\n    m = Mock()\n    m = c\n    m.x", "m.x", None),
    ],
)
def test_mocks_are_known_by_how_they_are_bound(code: str, expression: str, expected: Mock | None) -> None:
    """A mock is what a mock's class, ``patch`` or ``mocker`` gives; everything else is unknown."""
    model = model_of(code)
    function = function_named(model, "test_a")
    node = next(
        node
        for nodes in function.bag.values()
        for node in nodes
        if isinstance(node, ast.Attribute | ast.Call) and ast.unparse(node) == expression
    )
    assert mock_behind(node, function, model) == expected


def test_raises_blocks_say_what_they_expect() -> None:
    """Types, whether a message is asked for, and the name that the exception is bound to."""
    model = model_of(
        """
        import pytest as p

        def test_a():
            with p.raises((KeyError, ValueError)) as caught, other():
                act()
            with p.raises(expected_exception=KeyError, match="x"):
                act()
            with p.raises(KeyError, match=".*"):
                act()
            with raises(KeyError):
                act()
        """
    )
    blocks = raises_blocks(function_named(model, "test_a"), model)
    assert [
        ([ast.unparse(item) for item in block.expectation.types], block.expectation.narrowed, block.info)
        for block in blocks
    ] == [(["KeyError", "ValueError"], False, "caught"), (["KeyError"], True, None), (["KeyError"], False, None)]
