"""Editing piece by piece gives what parsing everything anew gives."""

from __future__ import annotations

import ast
import keyword
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from testlsp.syntax import SourceFile, parse
from testlsp.text import TextRange

HERE = Path(__file__).parent
REAL = [path.read_text(encoding="utf-8") for path in sorted(HERE.parent.glob("*/test_*.py"))[:8]]

SNIPPETS = [
    "",
    "x",
    " ",
    "\n",
    "\r\n",
    "\r",
    "    ",
    "\t",
    "\f",
    '"""',
    "'",
    "(",
    ")",
    "[",
    "{",
    "\\",
    "\\\n",
    ";",
    ":",
    "@",
    "# a comment",
    "#",
    "x = 1\n",
    "else:\n    pass\n",
    "def f():\n    pass\n",
    "    return 1\n",
    "@decorator\n",
    "class A:\n    def m(self):\n        return '''two\nlines'''\n",
    "import os\n",
    "é😀",
    "\0",
    "\ufeff",
    "f'{x!r:>{width}}'",
    "async def g():\n    await h()\n",
    "if x:\n",
    "x = (1,\n2)\n",
    "x = 1; y = 2\n",
    "x = 1; \\\ny = 2\n",
]


def state(source: SourceFile) -> list[tuple[str, object, list[str]]]:
    """Return everything that can be asked of a file, comparable."""
    return [
        (piece.text, piece.problem, [f"{piece.range(node)} {ast.dump(node)}" for node in piece.body])
        for piece in source.statements
    ]


def edit(data: st.DataObject, length: int) -> tuple[TextRange, str]:
    """Draw an edit of a text of that length."""
    start = data.draw(st.integers(0, length))
    end = data.draw(st.one_of(st.just(start), st.integers(start, min(length, start + 40))))
    return TextRange(start, end), data.draw(st.sampled_from(SNIPPETS))


@settings(max_examples=150, deadline=None)
@given(data=st.data(), parts=st.lists(st.sampled_from(SNIPPETS), max_size=12))
def test_edits_of_drawn_text_equal_a_fresh_parse(data: st.DataObject, parts: list[str]) -> None:
    """After any edits of any text, the pieces are those of a fresh parse."""
    source = parse("x.py", "".join(parts))
    for _ in range(6):
        source = source.edited(*edit(data, len(source.text)))
        assert state(source) == state(parse("x.py", source.text))


@settings(max_examples=60, deadline=None)
@given(data=st.data(), text=st.sampled_from(REAL))
def test_edits_of_real_text_equal_a_fresh_parse(data: st.DataObject, text: str) -> None:
    """After any edits of a real file, the pieces are those of a fresh parse."""
    source = parse("x.py", text)
    for _ in range(5):
        source = source.edited(*edit(data, len(source.text)))
        assert state(source) == state(parse("x.py", source.text))


@settings(max_examples=300, deadline=None)
@given(text=st.one_of(st.text(), st.lists(st.sampled_from([*SNIPPETS, *keyword.kwlist])).map(" ".join)))
def test_parsing_never_raises_and_loses_nothing(text: str) -> None:
    """Any text gives pieces that together are that text."""
    source = parse("x.py", text)
    assert "".join(piece.text for piece in source.statements) == text


def test_an_edit_in_one_function_keeps_the_other_pieces() -> None:
    """Typing in a function leaves all other statements the same objects."""
    text = "import os\n\n\ndef test_a():\n    assert 1\n\n\ndef test_b():\n    assert 2\n"
    before = parse("x.py", text)
    place = text.index("assert 1") + len("assert 1")
    after = before.edited(TextRange(place, place), " == 1")
    assert after.statements[0] is before.statements[0]
    assert after.statements[2] is before.statements[2]
    assert after.statements[1] is not before.statements[1]


def test_a_broken_statement_does_not_blind_the_rest() -> None:
    """With one function in mid-edit, the others keep their trees, and of the broken one what still parses."""
    text = "def test_a():\n    x = 1\n    foo(\n    y = 2\n\n\ndef test_b():\n    assert 2\n"
    source = parse("x.py", text)
    assert [problem.offset for problem in source.problems] == [text.index("foo(") + 3]
    assert "assert 2" in source.statements[-1].text
    assert source.statements[-1].body


def test_nothing_is_read_out_of_an_unclosed_string() -> None:
    """Code behind a string that never ends may be part of it, so it is not analysed."""
    source = parse("x.py", 'def test_a():\n    """open\n\n\ndef test_b():\n    os.environ["A"] = "1"\n')
    assert [piece.body for piece in source.statements] == [()]


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000 + ")" * 5000,
        "-" * 5000 + "1",
        "x" + ".a" * 5000,
        "x" + "[0]" * 5000,
        "[" * 5000,
        "if 1:\n" + "".join("    " * depth + "if 1:\n" for depth in range(1, 120)) + "    " * 120 + "pass\n",
        "x = " + " + ".join(["1"] * 5000),
        "lambda: " * 5000 + "1",
        "not " * 5000 + "1",
    ],
    ids=lambda text: text[:10],
)
def test_deep_nesting_is_survived(text: str) -> None:
    """Nesting that the parser refuses or that overflows a stack is a problem of that statement only."""
    source = parse("x.py", f"def test_a():\n    assert 1\n\n\n{text}\n\n\ndef test_b():\n    assert 2\n")
    assert "".join(piece.text for piece in source.statements) == source.text
    assert sum(bool(piece.body) for piece in source.statements) >= 2


def test_positions_count_characters_not_bytes() -> None:
    """A node behind an emoji stands where a reader sees it."""
    text = 'x = "😀é"; y = 1\n'
    source = parse("x.py", text)
    (piece,) = source.statements
    start, end = piece.range(piece.body[1])
    assert text[start:end] == "y = 1"
