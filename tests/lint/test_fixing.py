"""How the edits of a fix are put together."""

from __future__ import annotations

from testlsp.lint import Applicability, Fix, Rewrite
from testlsp.lint.fixing import edits_of
from testlsp.syntax import parse
from testlsp.text import Edit, TextRange, apply_edits


def test_imports_come_before_what_a_fix_puts_at_the_same_place() -> None:
    """An import does not end up between a decorator and its function when there is no empty line above it."""
    source = parse("/project/test_a.py", "import os\ndef test_a():\n    assert os.name\n")
    mark = Edit(TextRange(0, 0), "@pytest.mark.slow\n")
    fix = Fix("Mark it", Applicability.SAFE, lambda: Rewrite([mark], ("import pytest",)))
    text = apply_edits(source.text, edits_of(source, 1, fix))
    assert text == "import os\nimport pytest\n@pytest.mark.slow\ndef test_a():\n    assert os.name\n"
