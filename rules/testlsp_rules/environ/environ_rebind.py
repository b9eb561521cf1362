from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Fix, Good, Rule, Severity, on_call, on_effect
from testlsp.lint.context import unsafe
from testlsp.lint.patching import form_for
from testlsp.rewrite import replace_expression
from testlsp.semantic.effects import PATCHES, Effect, EffectKind
from testlsp.semantic.functions import FunctionKind
from testlsp.semantic.restoration import restoration
from testlsp.semantic.save_restore import belongs_to_idiom

from testlsp_rules.environ._patch_dict import patched_with

_KINDS = (FunctionKind.TEST, FunctionKind.FIXTURE, FunctionKind.XUNIT, FunctionKind.NESTED)
_COPIES = frozenset({"builtins.dict", "copy.copy", "copy.deepcopy", "collections.OrderedDict"})


class EnvironRebind(Rule):
    """Replaces `os.environ` by a plain dictionary.

    A plain dictionary does not call `putenv`: subprocesses and C libraries go on
    with the old environment, `os.getenv` and modules that did
    `from os import environ` keep looking into the old mapping, and on Windows
    names begin to differ by case. `patch.dict(os.environ, {...}, clear=True)`
    changes what is in the real environment and puts it back. Where the
    old mapping is put back in the end, the finding is a mere information.

    Fix safety: unsafe, because subprocesses then see the new environment too, also
    the absence of variables that they need, such as `PATH`, and on Windows the names
    are turned into capitals.
    """

    code = "TL105"
    since = "0.1"
    words = ("environ",)
    message = "`os.environ` is replaced by a plain dictionary, which subprocesses and C code do not see"
    options = ("idiom", "target-version")
    related = ("S8997 (SonarPython)",)
    source = "https://docs.python.org/3/library/os.html#os.environ"
    examples = (
        Bad(
            """
            import os

            def test_defaults():
                os.environ = {"HOME": "/nowhere"}
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert load() == {}
            """,
            fixed="""
            import os
            from unittest.mock import patch

            def test_defaults():
                with patch.dict(os.environ, {"HOME": "/nowhere"}, clear=True):
                    assert load() == {}
            """,
        ),
        Good(
            """
            import os
            from unittest.mock import patch

            def test_defaults():
                with patch.dict(os.environ, {"HOME": "/nowhere"}, clear=True):
                    assert load() == {}
            """
        ),
        Bad(
            """
            import os

            def test_defaults():
                os.environ = {"HOME": "/nowhere"}
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert load() == {}
            """,
            fixed="""
            import os
            from unittest.mock import patch

            def test_defaults():
                with patch.dict(os.environ, {"HOME": "/nowhere"}, clear=True):
                    assert load() == {}
            """,
            settings={"idiom": "patch.dict"},
            why="for suites that keep to `unittest.mock`",
        ),
        Bad(
            """
            import os

            def test_defaults(monkeypatch):
                "🙂"; monkeypatch.setattr("os.environ", {})
                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert load() == {}

            def test_value(monkeypatch):
                monkeypatch.setattr(os, "environ", value={"Foo": "1"})
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert load() == {"foo": 1}
            """,
            fixed="""
            import os
            from unittest.mock import patch

            def test_defaults(monkeypatch):
                "🙂"
                with patch.dict("os.environ", {}, clear=True):
                    assert load() == {}

            def test_value(monkeypatch):
                with patch.dict(os.environ, {"Foo": "1"}, clear=True):
                    assert load() == {"foo": 1}
            """,
        ),
        Bad(
            """
            import os
            from unittest import mock

            def test_defaults(mocker):
                mocker.patch("os.environ", {"A": "1"})
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                mocker.patch.object(os, "environ", new=os.environ.copy())
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert load() == {}

            def test_in_block():
                with mock.patch.object(os, "environ", {}):
                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                    assert load() == {}
            """,
            fixed="""
            import os
            from unittest import mock

            def test_defaults(mocker):
                mocker.patch.dict("os.environ", {"A": "1"}, clear=True)
                mocker.patch.dict(os.environ, os.environ.copy(), clear=True)
                assert load() == {}

            def test_in_block():
                with mock.patch.dict(os.environ, {}, clear=True):
                    assert load() == {}
            """,
        ),
        Bad(
            """
            import os
            import unittest

            class LoadTest(unittest.TestCase):
                def setUp(self):
                    os.environ = dict(os.environ, HOME="/nowhere")
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            """,
            fixed="""
            import os
            import unittest
            from unittest.mock import patch

            class LoadTest(unittest.TestCase):
                def setUp(self):
                    self.enterContext(patch.dict(os.environ, dict(os.environ, HOME="/nowhere"), clear=True))
            """,
            settings={"target_version": "3.11"},
        ),
        Bad(
            """
            import os

            def test_defaults():
                os.environ = {}
                ^^^^^^^^^^^^^^^
                assert load() == {}
            """,
            fixed="""
            import os

            def test_defaults(mocker):
                mocker.patch.dict(os.environ, {}, clear=True)
                assert load() == {}
            """,
            settings={"idiom": "mocker"},
        ),
        Bad(
            """
            def test_twice(monkeypatch):
                monkeypatch.setattr("os.environ", {})
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert load() == {}
                monkeypatch.setattr("os.environ", {"A": "1"})
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert load() == {"a": 1}
            """,
            why="one block would hold the other replacement, so that no fix is offered",
        ),
        Good(
            """
            import os
            from unittest.mock import MagicMock, patch

            def test_real(environment):
                saved = os.environ
                os.environ = environment
                assert load() == {}
                os.environ = saved

            def test_double(monkeypatch):
                monkeypatch.setattr(os, "environ", MagicMock())
                with patch("os.environ"):
                    assert load() == {}
            """,
            why="it cannot be told what these put there; a mock is meant to notice who asks",
        ),
        Good(
            """
            import os

            def test_defaults():
                saved = os.environ.copy()
                os.environ = {}
                try:
                    assert load() == {}
                finally:
                    os.environ = saved
            """,
            why="saved and restored by hand, which `environ-save-restore` is about",
        ),
        Good(
            """
            import os

            def test_windows(config, monkeypatch):
                config.environ = {}
                monkeypatch.setattr(config, "environ", {})
                monkeypatch.setattr("app.environ", {})
                assert load() == {}
            """,
            why="not `os.environ`",
        ),
        Bad(
            """
            import os
            import pytest
            from hypothesis import given, strategies as st
            from unittest.mock import patch

            @patch("app.load")
            def test_decorated(
                load,
                text: str,
                *,
                retries: int = 3,
            ) -> None:
                os.environ = {"HOME": "/nowhere"}
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert run(text, retries)

            @given(st.text())
            def test_any(text):
                os.environ = {"HOME": "/nowhere"}
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert run(text)

            @pytest.fixture(scope="module")
            def server():
                os.environ = {"HOME": "/nowhere"}
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                yield start()
            """,
            fixed="""
            import os
            import pytest
            from hypothesis import given, strategies as st
            from unittest.mock import patch

            @patch("app.load")
            def test_decorated(
                load,
                text: str,
                *,
                retries: int = 3,
            ) -> None:
                with patch.dict(os.environ, {"HOME": "/nowhere"}, clear=True):
                    assert run(text, retries)

            @given(st.text())
            def test_any(text):
                with patch.dict(os.environ, {"HOME": "/nowhere"}, clear=True):
                    assert run(text)

            @pytest.fixture(scope="module")
            def server():
                with patch.dict(os.environ, {"HOME": "/nowhere"}, clear=True):
                    yield start()
            """,
            why="each place gets the form that fits it, or no fix",
        ),
    )

    @on_effect(EffectKind.ENV_REBIND, kinds=_KINDS)
    def check(self, ctx: Context, effect: Effect) -> None:
        """Report an assignment of a plain dictionary."""
        if effect.value is None or effect.method == "augment" or belongs_to_idiom(effect, ctx.model):
            return
        if _is_plain(ctx, effect.value):
            mild = Severity.INFORMATION if restoration(effect, ctx.model) is not None else None
            ctx.report(effect.node, fixes=_fixes(ctx, effect.whole, effect.value), severity=mild)

    @on_call("setattr", "patch", "object", kinds=_KINDS)
    def check_patch(self, ctx: Context, node: ast.Call) -> None:
        """Report a patch that puts a plain dictionary there."""
        func = node.func
        name = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
        if name not in {"setattr", "patch", "object"} or not node.args:
            return
        value = _replacement(ctx, node)
        if value is None or not _is_plain(ctx, value):
            return
        environ, function = _environ(ctx, node), ctx.function
        if name == "setattr":
            if not isinstance(func, ast.Attribute) or not isinstance(func.value, ast.Name):
                return
            whole = ctx.parent(node)
            again = _is_replaced_again(ctx, node)
            fixes = _fixes(ctx, whole if isinstance(whole, ast.Expr) and not again else None, value, environ)
            ctx.report(node, fixes=fixes, severity=Severity.INFORMATION)
            return
        patch = func.value if isinstance(func, ast.Attribute) and name == "object" else func
        if ctx.model.qualified_name(func, function) not in PATCHES and "mocker" not in ctx.source_of(func):
            return
        text = f"{ctx.source_of(patch)}.dict({environ}, {ctx.source_of(value)}, clear=True)"
        fixes = [unsafe("Use `patch.dict`", lambda: replace_expression(ctx.statement, node, text))]
        ctx.report(node, fixes=fixes if _is_unused(ctx, node) else [], severity=Severity.INFORMATION)


def _is_plain(ctx: Context, node: ast.expr) -> bool:
    """Whether *node* makes a dictionary for certain."""
    if isinstance(node, ast.Dict | ast.DictComp):
        return True
    if isinstance(node, ast.BinOp):
        return isinstance(node.left, ast.Dict) or isinstance(node.right, ast.Dict)
    if not isinstance(node, ast.Call):
        return False
    name = ctx.qualified_name(node.func)
    return name == "os.environ.copy" or name in _COPIES


def _replacement(ctx: Context, call: ast.Call) -> ast.expr | None:
    """Return what *call*, one of `setattr`, `patch` and `patch.object`, puts in the place of ``os.environ``."""
    arguments = call.args
    if isinstance(arguments[0], ast.Constant):
        if arguments[0].value != "os.environ":
            return None
        given = arguments[1:]
    else:
        named = arguments[1] if len(arguments) > 1 else None
        if not isinstance(named, ast.Constant) or named.value != "environ" or ctx.qualified_name(arguments[0]) != "os":
            return None
        given = arguments[2:]
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    if given:
        return given[0] if len(given) == 1 and not keywords.keys() - {"raising"} else None
    value = keywords.pop("value", None) or keywords.pop("new", None)
    return value if not keywords.keys() - {"raising"} else None


def _is_replaced_again(ctx: Context, node: ast.Call) -> bool:
    """Whether the test replaces the mapping several times, so that one block would hold another replacement."""
    return any(
        isinstance(call, ast.Call)
        and call is not node
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "setattr"
        and call.args
        and _replacement(ctx, call) is not None
        for call in ctx.function.bag.get(ast.Call, ())
    )


def _environ(ctx: Context, call: ast.Call) -> str:
    target = call.args[0]
    return '"os.environ"' if isinstance(target, ast.Constant) else f"{ctx.source_of(target)}.environ"


def _is_unused(ctx: Context, call: ast.Call) -> bool:
    """Whether nobody looks at what the patch gives back, which is another thing with ``patch.dict``."""
    parent = ctx.parent(call)
    return isinstance(parent, ast.Expr) or (isinstance(parent, ast.withitem) and parent.optional_vars is None)


def _fixes(ctx: Context, whole: ast.stmt | None, value: ast.expr, environ: str = "os.environ") -> list[Fix]:
    if whole is None:
        return []
    if isinstance(whole, ast.Assign):
        environ = ctx.source_of(whole.targets[0])
    form = form_for(ctx, ctx.function, "mocker" if ctx.settings.idiom == "mocker" else None)
    return patched_with(ctx, whole, form, f"{environ}, {ctx.source_of(value)}, clear=True")
