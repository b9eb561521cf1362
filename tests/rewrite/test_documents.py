"""Docstrings, yields and imports."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from testlsp.rewrite import (
    CannotRewrite,
    append_to_docstring,
    ensure_import,
    insert_docstring,
    replace_docstring,
    return_to_yield,
)
from testlsp.syntax import Statement, parse
from testlsp.text import apply_edits


def function_in(source: str) -> tuple[Statement, Any]:
    """Return the first statement of *source* and the function it is."""
    statement = parse("t.py", source).statements[0]
    return statement, statement.body[0]


@pytest.mark.parametrize(
    ("before", "lines", "after"),
    [
        ("def f():  # c\n    # d\n    a\n", "Doc.", 'def f():  # c\n    """Doc."""\n    # d\n    a\n'),
        ("def f(): a\n", "Doc.", 'def f():\n    """Doc."""\n    a\n'),
        ("def f():\r\n\ta\r\n", ["Doc.", "", "  é"], 'def f():\r\n\t"""Doc.\r\n\r\n\t  é\r\n\t"""\r\n\ta\r\n'),
        ("def f(\n    x,\n):\n    a\n", 'A "b"', 'def f(\n    x,\n):\n    """A "b\\""""\n    a\n'),
    ],
)
def test_inserted_docstring(before: str, lines: Any, after: str) -> None:
    """The docstring is the first line of the body, in its indentation and line ends."""
    statement, function = function_in(before)
    assert apply_edits(before, insert_docstring(statement, function, lines)) == after
    with pytest.raises(CannotRewrite):
        insert_docstring(*function_in(after), lines)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('def f():\n    """Doc."""\n    a\n', 'def f():\n    """Doc.\n\n    New: x\n      y\n    """\n    a\n'),
        ("def f():\n    'Doc.'\n    a\n", 'def f():\n    """Doc.\n\n    New: x\n      y\n    """\n    a\n'),
        ("def f():\n  r'''Doc.\n\n  More.\n  '''\n", "def f():\n  r'''Doc.\n\n  More.\n\n  New: x\n    y\n  '''\n"),
        ("def f(): '''Doc.'''\n", "def f(): '''Doc.\n\n    New: x\n      y\n    '''\n"),
        ("def f():\n    a\n", 'def f():\n    """New: x\n      y\n    """\n    a\n'),
    ],
)
def test_appended_docstring(before: str, after: str) -> None:
    """New lines stand at the end, behind a blank line, and the quotes are made to hold several lines."""
    statement, function = function_in(before)
    assert apply_edits(before, append_to_docstring(statement, function, ["New: x", "  y"])) == after


def test_docstring_of_several_literals_is_left_alone() -> None:
    """Where the end of the text is not the end of a literal, nothing is appended; replacing is still possible."""
    statement, function = function_in("def f():\n    'a' 'b'\n")
    with pytest.raises(CannotRewrite):
        append_to_docstring(statement, function, "c")
    assert apply_edits(statement.text, replace_docstring(statement, function, "c")) == 'def f():\n    """c"""\n'


@pytest.mark.parametrize(
    ("before", "options", "after"),
    [
        ("def f():\n    return a  # c\n", {}, "def f():\n    yield a  # c\n    z()\n"),
        ("def f():\n    return\n", {}, "def f():\n    yield\n    z()\n"),
        ("def f():\n    a\n", {}, "def f():\n    a\n    yield\n    z()\n"),
        ("def f():\n    return a\n", {"name": "v"}, "def f():\n    yield a\n    z()\n"),
        (
            "def f():\n    return a(\n        1)\n",
            {"name": "v"},
            "def f():\n    v = a(\n        1)\n    yield v\n    z()\n",
        ),
        ("def f() -> T: return a\n", {"iterator": "Iterator"}, "def f() -> Iterator[T]: yield a; z()\n"),
        (
            "def f():\n    g = lambda: (yield)\n    return a\n",
            {},
            "def f():\n    g = lambda: (yield)\n    yield a\n    z()\n",
        ),
    ],
)
def test_return_becomes_yield(before: str, options: Any, after: str) -> None:
    """The value is handed out, then the teardown follows."""
    statement, function = function_in(before)
    assert apply_edits(before, return_to_yield(statement, function, ["z()"], **options)) == after


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    if a:\n        return b\n    return c\n",
        "def f():\n    yield a\n",
        "def f():\n    with a:\n        return b\n",
    ],
)
def test_other_ways_out_are_refused(source: str) -> None:
    """A second return would leave the function before its yield."""
    statement, function = function_in(source)
    with pytest.raises(CannotRewrite):
        return_to_yield(statement, function, ["z()"])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "import pytest\n"),
        ("x = 1\n", "import pytest\n\nx = 1\n"),
        ("'''Doc.'''\n\nx = 1\n", "'''Doc.'''\n\nimport pytest\n\nx = 1\n"),
        (
            "'''Doc.'''\nfrom __future__ import annotations\nx = 1\n",
            "'''Doc.'''\nfrom __future__ import annotations\n\nimport pytest\n\nx = 1\n",
        ),
        ("import os\r\n\r\nx = 1\r\n", "import os\r\nimport pytest\r\n\r\nx = 1\r\n"),
        ("import os", "import os\nimport pytest"),
        ("#!/usr/bin/python\n# c\n\nx = 1\n", "#!/usr/bin/python\n# c\n\nimport pytest\n\nx = 1\n"),
        (
            "from a import (\n    b,  # c\n)  # d\nx = 1\n",
            "from a import (\n    b,  # c\n)  # d\nimport pytest\nx = 1\n",
        ),
        (
            "try:\n    import q\nexcept E:\n    q = 0\nimport os; import re\nx\n",
            "try:\n    import q\nexcept E:\n    q = 0\nimport os; import re\nimport pytest\nx\n",
        ),
        ("import os\nimport pytest as p\n", "import os\nimport pytest as p\nimport pytest\n"),
        ("import os, pytest\n", "import os, pytest\n"),
    ],
)
def test_import_stands_with_the_others(before: str, after: str) -> None:
    """The new line is the last of the first imports, and is made once."""
    source = parse("t.py", before)
    result = apply_edits(before, ensure_import(source, "pytest"))
    assert result == after
    assert ensure_import(parse("t.py", result), "import pytest") == []


def test_import_of_a_member() -> None:
    """A member is imported by its own line, unless it is there under this name."""
    source = parse("t.py", "from unittest.mock import call\n")
    edits = ensure_import(source, "from unittest.mock import patch")
    result = apply_edits(source.text, edits)
    assert result == "from unittest.mock import call\nfrom unittest.mock import patch\n"
    assert not ensure_import(
        parse("t.py", "from unittest.mock import (\n    call,\n    patch,\n)\n"), "from unittest.mock import patch"
    )


@pytest.mark.parametrize(
    "text", ["patch = 1\n", "def patch(): pass\n", "from mock import patch\n", "import patch\n", "class patch: pass\n"]
)
def test_name_with_another_meaning_is_not_imported(text: str) -> None:
    """An import that would shadow the user's own name is refused."""
    with pytest.raises(CannotRewrite):
        ensure_import(parse("t.py", text), "from unittest.mock import patch")


def test_submodule_of_an_imported_package() -> None:
    """`import a.b` beside `import a` binds the same name to the same package, so both may stand."""
    source = parse("t.py", "import unittest\n")
    result = apply_edits(source.text, ensure_import(source, "import unittest.mock"))
    assert result == "import unittest\nimport unittest.mock\n"
    assert ensure_import(parse("t.py", "import unittest.mock\n"), "import unittest") == []
    assert isinstance(ast.parse(result), ast.Module)
