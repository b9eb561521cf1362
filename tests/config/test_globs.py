"""Globs over paths and names."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from testlsp.config.globs import anchored, name_matcher, path_matcher, translate


@pytest.mark.parametrize(
    ("glob", "path", "expected"),
    [
        ("build", "/p/build", True),
        ("build", "/p/a/build/b/test_x.py", True),
        ("build", "/p/builder/test_x.py", False),
        ("build", "/build/x.py", False),
        ("*.egg", "/p/a/x.egg/test_x.py", True),
        ("tests/data", "/p/tests/data/a/test_x.py", True),
        ("tests/data", "/p/x/tests/data/a.py", False),
        ("./tests/data/", "/p/tests/data/a.py", True),
        ("tests/*/data", "/p/tests/a/data/a.py", True),
        ("tests/*/data", "/p/tests/a/b/data/a.py", False),
        ("tests/**/data", "/p/tests/a/b/data/a.py", True),
        ("tests/**/data", "/p/tests/data/a.py", True),
        ("**/x.py", "/p/x.py", True),
        ("tests/**", "/p/tests/a.py", True),
        ("/q/tests", "/q/tests/a.py", True),
        ("test_[ab].py", "/p/test_a.py", True),
        ("test_[!ab].py", "/p/test_a.py", False),
        ("test_[!ab].py", "/p/test_c.py", True),
        ("test_{a,b}.py", "/p/test_b.py", True),
        ("test_{a,b}.py", "/p/test_c.py", False),
        ("test_{a", "/p/test_{a", True),
        ("test_[a", "/p/test_[a", True),
        ("a?c", "/p/abc", True),
        ("a?c", "/p/a/c", False),
        ("a\\*c", "/p/a*c", True),
        ("a\\*c", "/p/abc", False),
        ("x.py", "/p/xzpy", False),
    ],
)
def test_path_globs(glob: str, path: str, expected: bool) -> None:
    """A name matches at any depth, a path from the root, and everything below a match matches."""
    assert path_matcher((glob,), "/p")(path) is expected


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("check_*", "check_user", True),
        ("check_*", "helpers.check_user", True),
        ("check_*", "self.client.check_user", True),
        ("check_*", "recheck_user", False),
        ("client.assert_*", "client.assert_ok", True),
        ("client.assert_*", "other.assert_ok", False),
        (r"^helpers\.", "helpers.anything", True),
        (r"^verif(y|ies)$", "verifies", True),
        (r"^verif(y|ies)$", "verifiesx", False),
        ("TOKEN", "token", False),
    ],
)
def test_name_patterns(pattern: str, name: str, expected: bool) -> None:
    """A glob is for the last part of a dotted name unless it has a dot; `^` begins a regular expression."""
    assert name_matcher((pattern,))(name) is expected


def test_no_globs_match_nothing() -> None:
    """Empty settings exclude nothing."""
    assert not path_matcher((), "/p")("/p/a.py")
    assert not name_matcher(())("a")


@given(st.text(alphabet="ab*?[]{},!^-/\\.|&~", max_size=12))
def test_any_text_is_a_glob(glob: str) -> None:
    """Whatever a user writes compiles, and never breaks the other globs of its list."""
    re.compile(translate(glob))
    re.compile(translate(glob, alternatives=False))
    assert path_matcher((glob, "keep"), "/p")("/p/keep/x.py")


@given(st.text(alphabet="ab*?[]{},\\ ", min_size=1, max_size=8))
def test_anchoring_takes_the_folder_literally(name: str) -> None:
    """A folder whose name looks like a glob matches itself and not its neighbours."""
    folder = f"/p/{name}"
    assert path_matcher((anchored("x/y", folder),), "/p")(f"{folder}/x/y/z.py")
    assert not path_matcher((anchored("x/y", folder),), "/p")("/p/zz/x/y/z.py")
