from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Fix, Good, Related, Rule, Severity, on
from testlsp.lint.context import safe, unsafe
from testlsp.rewrite import remove_element
from testlsp.semantic.fixtures import ANYIO_FIXTURE
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.marks import mark_at
from testlsp.semantic.parametrize import Case, Parametrization, is_constant, parametrization
from testlsp.semantic.sites import Site
from testlsp.text import Edit

_ITERATORS = frozenset(f"builtins.{name}" for name in "zip map filter iter reversed enumerate".split())
_OF_PATHS = frozenset({"glob", "rglob", "iterdir"})


class ParametrizeShape(Rule):
    """Parametrises a test with cases or names that do not fit: too few values, none, the same twice, an iterator.

    A case with too few or too many values stops the collection of the whole
    module, and so do a name that the test does not request and a wrong number of ids. With no case at all the test is skipped, in silence, and a case that is
    there twice tests nothing more. An iterator can be read once only: on a class,
    all tests but the first get no case; pytest 9.1 warns about it and pytest 10
    will refuse it.

    Fix safety: to delete a repeated case is unsafe, because it changes the ids of the
    tests. Making a list is safe on one test function. On a class, or on a mark
    that several tests share, it is unsafe, because tests that had no case
    until now begin to run.
    """

    code = "TL606"
    since = "0.1"
    message = "An iterator can be read only once; pass a list"
    ruff = ("PT014",)
    related = ("PT014 (ruff)", "S8998 (SonarPython)", "PTD603 (pytest-tidy)")
    source = "https://docs.pytest.org/en/stable/deprecations.html#parametrize-iterators"
    words = ("parametrize",)
    examples = (
        Bad(
            """
            import pytest

            @pytest.mark.parametrize("number", (n for n in range(3)))
                                               ^^^^^^^^^^^^^^^^^^^^^
            @pytest.mark.parametrize(("text", "length"), zip(["🌍", "b"], [1, 1]))
                                                         ^^^^^^^^^^^^^^^^^^^^^^^
            def test_length(text, length, number):
                assert len(text) == length
            """,
            fixed="""
            import pytest

            @pytest.mark.parametrize("number", [n for n in range(3)])
            @pytest.mark.parametrize(("text", "length"), list(zip(["🌍", "b"], [1, 1])))
            def test_length(text, length, number):
                assert len(text) == length
            """,
        ),
        Good(
            """
            import pytest

            @pytest.mark.parametrize(("text", "length"), [("a", 1), ("bb", 2), pytest.param("", 0, id="none")])
            def test_length(text, length):
                assert len(text) == length
            """
        ),
        Bad(
            """
            import pytest

            @pytest.mark.parametrize("text, length", [("a", 1), ("bb",), pytest.param("", 0, 0), 7])
                                                                ^^^^^^^ This case gives 1 value for 2 names (text, length)
                                                                         ^^^^^^^^^^^^^^^^^^^^^^ This case gives 3 values for 2 names (text, length)
                                                                                                 ^ This case gives 1 value for 2 names (text, length)
            def test_length(text, length):
                assert len(text) == length
            """,
        ),
        Bad(
            """
            import pytest

            cases = pytest.mark.parametrize

            class TestLength:
                @cases("text", [])
                               ^^ There is no case: pytest skips the test
                def test_length(self, text):
                    assert len(text) == 1
            """,
        ),
        Bad(
            """
            import pytest

            @pytest.mark.parametrize(("text", "length"), [("a", 1), ("b", 1), ("a", 1)])
                                                                              ^^^^^^^^ The same case stands here already
            def test_length(text, length):
                assert len(text) == length
            """,
            fixed="""
            import pytest

            @pytest.mark.parametrize(("text", "length"), [("a", 1), ("b", 1)])
            def test_length(text, length):
                assert len(text) == length
            """,
        ),
        Bad(
            """
            import pytest

            @pytest.mark.parametrize(("text", "lenght"), [("a", 1), ("b", 1)], ids=["a"])
                                     ^^^^^^^^^^^^^^^^^^ The test does not request `lenght`, which pytest refuses
                                                                                   ^^^^^ 1 id is given for 2 cases
            def test_length(text, length):
                assert len(text) == length
            """,
            files={"tests/conftest.py": "import pytest\n\n@pytest.fixture\ndef length():\n    return 1\n"},
        ),
        Good(
            """
            import pytest
            from tools import decorated

            NAMES = ["a"]

            @pytest.fixture
            def page(number):
                return number

            @pytest.mark.parametrize("number", [1, 2], ids=NAMES)
            @pytest.mark.parametrize("other", [1, 2], ids=[*NAMES])
            @pytest.mark.parametrize("third", [1, 2], ids=str)
            def test_page(page, other, third):
                assert page == other

            @pytest.mark.parametrize("hidden", [1, 2])
            @decorated
            def test_decorated(page):
                assert page == 1

            @pytest.mark.parametrize("hidden", [1, 2])
            def test_of_plugin(plugin_page):
                assert plugin_page == 1

            @pytest.mark.parametrize("hidden", [1, 2])
            def helper(page):
                assert page == 1
            """,
            why="A fixture requests the name, a decorator or a fixture that is not known may do so; computed ids.",
        ),
        Bad(
            """
            from pathlib import Path
            import itertools
            import pytest

            @pytest.mark.parametrize("path", Path("data").glob("*.txt"))
                                             ^^^^^^^^^^^^^^^^^^^^^^^^^^
            class TestFile:
                @pytest.mark.parametrize(("a", "b"), argvalues=itertools.product([1], [2]))
                                                               ^^^^^^^^^^^^^^^^^^^^^^^^^^^
                def test_read(self, path, a, b):
                    assert path.read_text() == f"{a}{b}"
            """,
            fixed="""
            from pathlib import Path
            import itertools
            import pytest

            @pytest.mark.parametrize("path", list(Path("data").glob("*.txt")))
            class TestFile:
                @pytest.mark.parametrize(("a", "b"), argvalues=list(itertools.product([1], [2])))
                def test_read(self, path, a, b):
                    assert path.read_text() == f"{a}{b}"
            """,
        ),
        Good(
            """
            import glob
            import pytest

            @pytest.mark.parametrize("path", glob.glob("*.txt"))
            @pytest.mark.parametrize("number", range(3))
            @pytest.mark.parametrize(("key", "value"), {"a": 1}.items())
            @pytest.mark.parametrize("other", sorted(map(str, [1, 2])))
            def test_read(path, number, key, value, other):
                assert path == number
            """,
            why="Lists, ranges and views of dicts can be read again.",
        ),
        Good(
            """
            import pytest

            @pytest.mark.parametrize("a, b", ["ab", (1, 2), [*LIST, 3], make(), CASE, pytest.param(*LIST)])
            @pytest.mark.parametrize("pair", [(1, 2), (1, 2, 3)])
            @pytest.mark.parametrize(NAMES, [(1, 2), (1, 2, 3)])
            @pytest.mark.parametrize("c, d", [*LIST])
            @pytest.mark.parametrize("e, f", *LIST)
            @pytest.mark.parametrize(("g",), [(1,), "x"])
            def test_sum(a, b, c, d, e, f, g, pair):
                assert a + b == c
            """,
            why="Text is unpacked into letters, one name takes a tuple as it is, and what is computed is not known.",
        ),
        Good(
            """
            import pytest

            @pytest.mark.parametrize("round", [None, None, None])
            def test_is_stable(round):
                assert run() == 1

            @pytest.mark.parametrize("text", ["a", "a"], ids=["first", "second"])
            @pytest.mark.parametrize("other", [make(), make(), pytest.param(1, id="x"), pytest.param(1, id="y")])
            @pytest.mark.parametrize("number", [1, True, 1.0])
            def test_again(text, other, number):
                assert run(text) == 1
            """,
            why="A test is repeated on purpose, its cases have names, or they only look the same.",
        ),
        Good(
            """
            import pytest

            @pytest.mark.parametrize("text", ["a", "a"])
            def test_length(text):
                assert len(text) == 1
            """,
            why="Nothing but repetitions: the test is run several times on purpose.",
        ),
        Good(
            """
            import pytest
            from tools import zip

            @pytest.mark.parametrize(("a", "b"), zip([1], [2]))
            def test_sum(a, b):
                assert a == b

            @table.parametrize("a", [])
            def test_difference(a):
                assert a == 1
            """,
            why="Neither pytest's `parametrize` nor Python's `zip`.",
        ),
        Good(
            """
            import pytest

            @pytest.mark.parametrize("jp_server_config", [{"password": "a"}])
            async def test_login(jp_fetch):
                assert (await jp_fetch("login")).code == 200
            """,
            files={
                "tests/conftest.py": """
                pytest_plugins = ["pytest_jupyter.jupyter_server"]
                """,
            },
            why="A fixture of a plugin that is not installed here may request it.",
        ),
        Good(
            """
            import pytest

            @pytest.mark.parametrize("anyio_backend", ["asyncio"])
            async def test_login(client):
                assert (await client.login()).ok
            """,
            why="anyio's plugin requests it for `async` tests: for those it marks, and with `anyio_mode = auto` for all.",
        ),
    )

    @on(ast.Call, kinds=(FunctionKind.IMPORT_TIME,))
    def check(self, ctx: Context, node: ast.Call) -> None:
        """Report what does not fit in one `parametrize`."""
        if isinstance(node.func, ast.Attribute) and node.func.attr != "parametrize":
            return
        mark = mark_at(node, ctx.model)
        found = parametrization(node, ctx.model) if mark is not None and mark.name == "parametrize" else None
        if found is None:
            return
        self._check_names(ctx, node, found)
        if found.cases is None:
            if _is_iterator(ctx, found.values):
                ctx.report(found.values, fixes=[_listed(ctx, node, found.values)])
        elif not found.cases:
            ctx.report(found.values, "There is no case: pytest skips the test")
        else:
            self._check_sizes(ctx, found)
            if found.ids is None and not ctx.settings.reported_by_ruff(ctx.path, *self.ruff):
                self._check_repeated(ctx, found)
            self._check_ids(ctx, found)

    def _check_names(self, ctx: Context, call: ast.Call, found: Parametrization) -> None:
        """Report a name that the decorated test does not request; asked of the fixtures last."""
        test = ctx.parent(call)
        if found.names is None or not isinstance(test, ast.FunctionDef | ast.AsyncFunctionDef):
            return
        arguments = test.args
        own = {each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
        if isinstance(test, ast.AsyncFunctionDef):
            own.add(ANYIO_FIXTURE)
        missing = [name for name in found.names if name not in own]
        if missing and (function := _test_at(ctx, test)) is not None and _requests_known(ctx, function, missing[0]):
            named = call.args[0] if call.args else call
            message = f"The test does not request `{missing[0]}`, which pytest refuses"
            ctx.report(named, message, severity=Severity.ERROR)

    def _check_ids(self, ctx: Context, found: Parametrization) -> None:
        ids, cases = found.ids, found.cases or ()
        if not isinstance(ids, ast.List | ast.Tuple) or any(isinstance(each, ast.Starred) for each in ids.elts):
            return
        given = len(ids.elts)
        if given != len(cases):
            told = f"{given} {'id is' if given == 1 else 'ids are'} given for {len(cases)} "
            ctx.report(ids, told + ("case" if len(cases) == 1 else "cases"), severity=Severity.ERROR)

    def _check_sizes(self, ctx: Context, found: Parametrization) -> None:
        if found.names is None:
            return
        wanted = len(found.names)
        for case in found.cases or ():
            bare = case.plain and isinstance(case.node, ast.Constant) and not isinstance(case.node.value, str | bytes)
            if case.size is not None and (case.size != wanted or (bare and found.unpacks)):
                values = "value" if case.size == 1 else "values"
                names = f"{wanted} {'name' if wanted == 1 else 'names'} ({', '.join(found.names)})"
                message = f"This case gives {case.size} {values} for {names}"
                ctx.report(case.node, message, severity=Severity.ERROR)

    def _check_repeated(self, ctx: Context, found: Parametrization) -> None:
        cases = found.cases or ()
        written = [ast.dump(case.node) if case.plain and is_constant(case.node) else None for case in cases]
        if len(set(written)) == 1:
            return
        seen: dict[str, Case] = {}
        for index, (case, text) in enumerate(zip(cases, written, strict=True)):
            if text is None:
                continue
            if text in seen:
                first = Related(ctx.path, "the first time", ctx.statement.range(seen[text].node))
                ctx.report(
                    case.node, "The same case stands here already", fixes=_deleted(ctx, found, index), related=[first]
                )
            else:
                seen[text] = case


def _test_at(ctx: Context, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Function | None:
    """Return the test that *node* is, unless a decorator may make something else of it."""
    for function in ctx.model.functions_of(ctx.statement):
        if function.node is node and function.kind is FunctionKind.TEST and function.in_unittest is False:
            marks = [mark_at(decorator, ctx.model) for decorator in node.decorator_list]
            return function if None not in marks else None
    return None


def _requests_known(ctx: Context, function: Function, name: str) -> bool:
    """Whether all that runs for the test is known, and nothing of it requests *name*."""
    graph = ctx.graph
    if graph is None:
        return False
    site = Site(ctx.path, function.chain, function.name)
    closure = graph.closure(site)
    if closure.opaque or name in closure.definitions or name in closure.extra:
        return False
    # Of fixtures of plugins that are not installed here only the names are known.
    if any(fixture.path.startswith("<") and fixture.path != "<pytest>" for fixture in closure.active):
        return False
    return set(closure.unknown) <= set(graph.marks(site).direct) and graph.test_at(site) is not None


def _deleted(ctx: Context, found: Parametrization, index: int) -> list[Fix]:
    display = found.values
    if not isinstance(display, ast.List | ast.Tuple):
        return []
    return [unsafe("Delete the repeated case", lambda: remove_element(ctx.statement, display, index))]


def _is_iterator(ctx: Context, node: ast.expr) -> bool:
    if isinstance(node, ast.GeneratorExp):
        return True
    if not isinstance(node, ast.Call):
        return False
    name = ctx.qualified_name(node.func)
    if name is None or name.startswith("pathlib."):
        return isinstance(node.func, ast.Attribute) and node.func.attr in _OF_PATHS
    return name in _ITERATORS or name == "glob.iglob" or (name.startswith("itertools.") and name.count(".") == 1)


def _listed(ctx: Context, call: ast.Call, values: ast.expr) -> Fix:
    """Return the fix; the mark may be shared unless it is the decorator of a function."""

    def build() -> list[Edit]:
        from testlsp.rewrite import replace_expression

        text = ctx.source_of(values)
        if isinstance(values, ast.GeneratorExp) and text.startswith("("):
            return replace_expression(ctx.statement, values, f"[{text[1:-1]}]")
        return replace_expression(ctx.statement, values, f"list({text})")

    own = isinstance(ctx.parent(call), ast.FunctionDef | ast.AsyncFunctionDef)
    return safe("Make it a list", build) if own else unsafe("Make it a list", build)
