"""Removing an element of a list or tuple."""

from __future__ import annotations

import ast

import pytest
from testlsp.rewrite import CannotRewrite, remove_element
from testlsp.syntax import parse
from testlsp.text import apply_edits


def removed(text: str, index: int) -> str:
    [statement] = parse("/p/a.py", text).statements
    [assign] = statement.body
    assert isinstance(assign, ast.Assign)
    assert isinstance(assign.value, ast.List | ast.Tuple)
    return apply_edits(text, remove_element(statement, assign.value, index))


@pytest.mark.parametrize(
    ("text", "index", "expected"),
    [
        ("x = [1, (2, 3), 4]\n", 1, "x = [1, 4]\n"),
        ("x = [1, 2, 1]\n", 2, "x = [1, 2]\n"),
        ("x = (1, 2, 1,)\n", 2, "x = (1, 2,)\n"),
        ("x = [\n    1,\n    2,  # two\n    1,\n]\n", 1, "x = [\n    1,\n    1,\n]\n"),
        ('x = ["😀", "]", "😀"]\n', 2, 'x = ["😀", "]"]\n'),
    ],
)
def test_an_element_goes_with_its_comma(text: str, index: int, expected: str) -> None:
    """What stands around it stays as it was laid out."""
    assert removed(text, index) == expected
    ast.parse(expected)


@pytest.mark.parametrize("text", ["x = [1, 2]\n", "x = 1, 2, 3\n", "x = (1), (2), (3)\n"])
def test_elements_that_cannot_be_told_apart(text: str) -> None:
    """A tuple without parentheses has no bracket of its own, and one of two is left alone: ``(1)`` is no tuple."""
    with pytest.raises(CannotRewrite):
        removed(text, 1)
