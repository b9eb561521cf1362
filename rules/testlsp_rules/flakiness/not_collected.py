from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Fix, Good, Rule, on, on_function
from testlsp.lint.context import unsafe
from testlsp.semantic.collection import matches
from testlsp.semantic.functions import FileRole, Function, FunctionKind
from testlsp.semantic.graph import FixtureGraph
from testlsp.semantic.marks import mark_at
from testlsp.semantic.uncollected import intended_class_name, intended_test_name
from testlsp.text import Edit, TextRange

from testlsp_rules.flakiness._names import name_of


class NotCollected(Rule):
    """Finds what looks like a test and is never run.

    pytest collects functions and classes by their names, and passes over the
    rest without a word: a test called `tset_login` or a class called `LoginTests`
    protects nothing. It passes over classes with an `__init__` as well, and over
    test functions inside other functions. Names that the rest of the file
    mentions, base classes and mixins are left alone.

    Fix safety: the renamed test begins to run, and it may fail.
    """

    code = "TL607"
    since = "0.1"
    message = "pytest does not collect this test"
    related = ("S5899 (SonarPython)", "PTD401 (pytest-tidy)", "TestNameTypo (clint)")
    source = "https://docs.pytest.org/en/stable/explanation/goodpractices.html#conventions-for-python-test-discovery"
    examples = (
        Bad(
            """
            def tset_login(client):
                ^^^^^^^^^^ pytest does not collect `tset_login`: it is not called `test...`
                assert client.login() == "ok 🔑"
            """,
            fixed="""
            def test_login(client):
                assert client.login() == "ok 🔑"
            """,
        ),
        Good(
            """
            def test_login(client):
                assert client.login() == "ok"

            class TestLogout:
                def test_logout(self, client):
                    assert client.logout() == "bye"
            """
        ),
        Bad(
            """
            class LoginTests:
                  ^^^^^^^^^^ pytest does not collect `LoginTests`: it is not called `Test...`
                def test_login(self, client):
                    assert client.login() == "ok"

            class TestLogout:
                def Test_logout(self, client):
                    ^^^^^^^^^^^ pytest does not collect `Test_logout`: it is not called `test...`
                    assert client.logout() == "bye"
            """,
            fixed="""
            class TestLogin:
                def test_login(self, client):
                    assert client.login() == "ok"

            class TestLogout:
                def test_logout(self, client):
                    assert client.logout() == "bye"
            """,
        ),
        Bad(
            """
            class TestLogin:
                  ^^^^^^^^^ pytest does not collect `TestLogin`: it has an `__init__`; use a fixture instead
                def __init__(self):
                    self.client = Client()

                def test_login(self):
                    assert self.client.login() == "ok"
            """,
        ),
        Bad(
            """
            import pytest

            @pytest.mark.parametrize("user", ["a", "b"])
            def login_works(client, user):
                ^^^^^^^^^^^ pytest does not collect `login_works`: it is not called `test...`
                assert client.login(user) == "ok"
            """,
            fixed="""
            import pytest

            @pytest.mark.parametrize("user", ["a", "b"])
            def test_login_works(client, user):
                assert client.login(user) == "ok"
            """,
            why="Only a test is parametrised.",
        ),
        Bad(
            """
            def test_login(client):
                assert client.login() == "ok"

                def test_logout(client):
                    ^^^^^^^^^^^ pytest does not collect `test_logout`: it is inside `test_login`, which does not call it
                    assert client.logout() == "bye"
            """,
        ),
        Good(
            """
            def tset_login(client):
                assert client.login() == "ok"

            def test_login(client):
                tset_login(client)

            def text_of_answer(client):
                assert client.answer()
                return client.answer()

            def test_all():
                def test_logout(client):
                    assert client.logout() == "bye"

                run(test_logout)

            def tes_value():
                return 3
            """,
            why="Somebody calls them, it is another word, or nothing is asserted.",
        ),
        Good(
            """
            class LoginTests:
                def test_login(self, client):
                    assert client.login() == "ok"

            class TestDatabaseLogin(LoginTests):
                def make_client(self):
                    return Client()

            class LogoutMixinTests:
                def test_logout(self, client):
                    assert client.logout() == "bye"

            class ReportTest(Report):
                def test_mode(self):
                    return True
            """,
            why="Tests that others inherit, and a class of unknown ancestry.",
        ),
        Good(
            """
            class AccountTests:
                def test_login(self, client):
                    assert client.login() == "ok"
            """,
            path="tests/test_account.py",
            files={
                "tests/test_database.py": """
                from test_account import AccountTests

                class TestDatabase(AccountTests):
                    pass
                """
            },
            why="Another file inherits the tests.",
        ),
        Good(
            """
            import unittest

            class TestClient:
                def __init__(self):
                    self.calls = []

                def get(self, path):
                    return self.calls

            class TestServer:
                __test__ = False

                def __init__(self):
                    self.calls = []

                def test_connection(self):
                    return True

            class LoginTest(unittest.TestCase):
                def __init__(self, name):
                    super().__init__(name)

                def test_login(self):
                    self.assertEqual(1, 1)
            """,
            why="Helpers that hold no test, or say that they are none; `unittest` has its own ways.",
        ),
        Good(
            """
            def test_plugin():
                class Suite:
                    def test_inner(self):
                        assert self

                @route("/test")
                def test_view():
                    assert True

                assert run(Suite) == 1
            """,
            why="Methods of a class and decorated functions are passed on.",
        ),
        Good(
            """
            def tset_login(client):
                assert client.login() == "ok"
            """,
            path="tests/tools.py",
            why="pytest collects nothing from this file.",
        ),
    )

    @on_function(FunctionKind.HELPER)
    def check_function(self, ctx: Context, function: Function) -> None:
        """Report a function or method whose name keeps it from being collected."""
        node = function.node
        info = function.class_info
        if ctx.model.role is not FileRole.TEST_MODULE or node is None or (info and not info.collected):
            return
        decorators = [mark_at(decorator, ctx.model) for decorator in node.decorator_list]
        if None in decorators:
            return
        intended = intended_test_name(function.name, ctx.model.collection)
        if any(mark is not None and mark.name == "parametrize" for mark in decorators):
            intended = intended or f"test_{function.name.lstrip('_')}"
        elif intended is None or ast.Assert not in function.bag:
            return
        if not _is_idle(ctx, function.name, info is not None, intended):
            return
        fixes = [] if intended == function.name else [_renamed(ctx, node, intended)]
        message = _message(function.name, ctx.model.collection.python_functions)
        ctx.report(name_of(ctx.statement, node), message, fixes=fixes)

    @on(ast.ClassDef, kinds=(FunctionKind.IMPORT_TIME,))
    def check_class(self, ctx: Context, node: ast.ClassDef) -> None:
        """Report a class with tests whose name or `__init__` keeps it from being collected."""
        if ctx.model.role is not FileRole.TEST_MODULE or node.decorator_list:
            return
        collection = ctx.model.collection
        named = matches(node.name, collection.python_classes)
        intended = None if named else intended_class_name(node.name, collection)
        if not (named and _constructor(node)) and intended is None:
            return
        methods = [
            function
            for function in ctx.model.functions_of(ctx.statement)
            if function.class_info is not None and function.class_info.node is node
        ]
        if not any(_is_test(ctx, method) for method in methods) or _says_so(node):
            return
        info = methods[0].class_info
        if info is None or info.unittest is not False or info.parent is not None:
            return
        place = name_of(ctx.statement, node)
        if named:
            what = f"it has an `{_constructor(node)}`; use a fixture instead"
            ctx.report(place, f"pytest does not collect `{node.name}`: {what}")
        elif intended is not None and not node.bases and _is_idle(ctx, node.name, False, intended):
            graph = ctx.graph
            if graph is not None and not _is_inherited(graph, ctx.path, node.name):
                fix = _renamed(ctx, node, intended)
                ctx.report(place, _message(node.name, collection.python_classes), fixes=[fix])

    @on_function(FunctionKind.TEST)
    def check_nested(self, ctx: Context, function: Function) -> None:
        """Report a test function that slipped into the body of another one."""
        direct = function.bag.get(ast.FunctionDef, []) + function.bag.get(ast.AsyncFunctionDef, [])
        for nested in function.nested if direct else ():
            node = nested.node
            if node is None or node not in direct or node.decorator_list or not nested.name.startswith("test_"):
                continue
            text = ctx.statement.text
            if ast.Assert in nested.bag and text.count(nested.name) == 1 and "locals()" not in text:
                where = f"it is inside `{function.name}`, which does not call it"
                ctx.report(name_of(ctx.statement, node), f"pytest does not collect `{nested.name}`: {where}")


def _message(name: str, patterns: tuple[str, ...]) -> str:
    wanted = " or ".join(f"`{pattern}`" if "*" in pattern else f"`{pattern}...`" for pattern in patterns)
    return f"pytest does not collect `{name}`: it is not called {wanted}"


def _is_idle(ctx: Context, name: str, method: bool, intended: str) -> bool:
    """Whether nobody mentions *name*: in its own statement for a method, in the file for all else."""
    if ctx.statement.text.count(name) != 1:
        return False
    if method:
        return ctx.statement.text.count(intended) == (1 if intended in name else 0)
    summary = ctx.graph.summaries.get(ctx.path) if ctx.graph is not None else None
    return summary is not None and (name in summary.idle or intended.endswith(f"_{name}"))


def _is_test(ctx: Context, method: Function) -> bool:
    return matches(method.name, ctx.model.collection.python_functions) and method.fixture is None


def _constructor(node: ast.ClassDef) -> str | None:
    return next(
        (
            child.name
            for child in node.body
            if isinstance(child, ast.FunctionDef) and child.name in {"__init__", "__new__"}
        ),
        None,
    )


def _says_so(node: ast.ClassDef) -> bool:
    """Whether the class sets ``__test__``."""
    return any(
        isinstance(target, ast.Name) and target.id == "__test__"
        for child in node.body
        if isinstance(child, ast.Assign)
        for target in child.targets
    )


def _is_inherited(graph: FixtureGraph, path: str, name: str) -> bool:
    """Whether a class in another file that imports *path* has a base of that name."""
    return any(
        base is None or base.rpartition(".")[2] == name
        for other in graph.dependents(path)
        if other in graph.summaries
        for entry in graph.summaries[other].classes
        for base in entry.bases
    )


def _renamed(ctx: Context, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, intended: str) -> Fix:
    def build() -> list[Edit]:
        place: TextRange = name_of(ctx.statement, node)
        return [Edit(place, intended)]

    return unsafe(f"Rename it `{intended}`", build)
