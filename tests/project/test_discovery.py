"""Which files are looked at."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from testlsp.config.load import Layer
from testlsp.project.configuration import Configuration
from testlsp.project.discovery import Discovery, discover
from testlsp.project.files import ReadProblem, entries
from testlsp.project.ignores import Verdict, parse_ignores


def make(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")


def found(root: Path, *paths: str, **values: object) -> list[str]:
    return [os.path.relpath(path, root) for path in look(root, *paths, **values).files]


def look(root: Path, *paths: str, **values: object) -> Discovery:
    configuration = Configuration(cwd=str(root), overrides=[Layer("command line", str(root), values)])
    return discover(paths or ["."], configuration.for_folder, cwd=str(root))


def test_tests_and_conftests_in_order(tmp_path: Path) -> None:
    """Test files by pytest's patterns and conftests, sorted, files of a folder before what lies below it."""
    make(
        tmp_path, "b/test_b.py", "a/x_test.py", "conftest.py", "a/helper.py", "test_z.py", "a/conftest.py", "test_y.txt"
    )
    assert found(tmp_path) == ["conftest.py", "test_z.py", "a/conftest.py", "a/x_test.py", "b/test_b.py"]


def test_patterns_come_from_pytest_or_from_us(tmp_path: Path) -> None:
    """`python_files` of the nearest pytest configuration says what a test file is."""
    make(tmp_path, "check_a.py", "test_a.py", "sub/spec/a.py", "sub/test_b.py")
    (tmp_path / "pytest.ini").write_text("[pytest]\npython_files = check_*.py\n")
    (tmp_path / "sub" / "pytest.ini").write_text("[pytest]\npython_files = spec/*.py\n")
    assert found(tmp_path) == ["check_a.py", "sub/spec/a.py"]
    assert found(tmp_path, python_files=["test_*.py"]) == ["test_a.py", "sub/test_b.py"]


def test_default_excludes_and_environments(tmp_path: Path) -> None:
    """Environments, build folders and what pytest does not enter are left out."""
    for folder in (".git", ".venv", "venv", "node_modules", "__pycache__", ".tox", "build", "dist", "x.egg", ".hidden"):
        make(tmp_path, f"{folder}/test_a.py")
    make(tmp_path, "env/pyvenv.cfg", "env/lib/test_a.py", "sub/build/test_a.py", "ok/test_a.py")
    assert found(tmp_path) == ["ok/test_a.py"]


def test_norecursedirs_of_pytest(tmp_path: Path) -> None:
    """Folders that pytest does not enter hold no tests."""
    make(tmp_path, "tests/data/test_a.py", "data/test_a.py", "tests/test_a.py")
    (tmp_path / "pytest.ini").write_text("[pytest]\nnorecursedirs = tests/data\n")
    assert found(tmp_path) == ["data/test_a.py", "tests/test_a.py"]


def test_exclude_and_extend_exclude(tmp_path: Path) -> None:
    """`extend-exclude` adds to the defaults, `exclude` replaces them; both apply to files and folders."""
    make(tmp_path, "a/test_a.py", "b/test_b.py", "b/test_c.py", "_build/test_d.py")
    assert found(tmp_path, extend_exclude=["a", "b/test_c.py"]) == ["b/test_b.py"]
    assert found(tmp_path, exclude=["a"]) == ["_build/test_d.py", "b/test_b.py", "b/test_c.py"]


def test_named_file_is_taken_unless_exclusion_is_forced(tmp_path: Path) -> None:
    """Pytest runs any file it is given, and so do we; pre-commit asks for --force-exclude."""
    make(tmp_path, "build/helper.py", "test_a.py")
    result = look(tmp_path, "test_a.py", "build/helper.py", ".")
    assert [os.path.relpath(path, tmp_path) for path in result.files] == ["test_a.py", "build/helper.py"]
    assert result.explicit == {str(tmp_path / "build/helper.py"), str(tmp_path / "test_a.py")}
    assert found(tmp_path, "build/helper.py", "build", "test_a.py", force_exclude=True) == ["test_a.py"]


def test_named_folder_is_entered_though_excluded(tmp_path: Path) -> None:
    """Who asks for `build` gets it."""
    make(tmp_path, "build/test_a.py")
    assert found(tmp_path, "build") == []
    assert found(tmp_path, "build", exclude=[]) == ["build/test_a.py"]


def test_missing_paths_are_fatal_problems(tmp_path: Path) -> None:
    """A typing error on the command line must not look like success."""
    (tmp_path / "test_dead.py").symlink_to(tmp_path / "gone")
    make(tmp_path, "test_a.py")
    result = look(tmp_path, "tets", "test_dead.py", ".")
    assert [(os.path.basename(p.path), p.message, p.fatal) for p in result.problems] == [
        ("tets", "does not exist", True),
        ("test_dead.py", "is a link to nothing", True),
    ]
    assert result.files == (str(tmp_path / "test_a.py"),)


def test_links(tmp_path: Path) -> None:
    """Loops are reported and end, a folder is visited once under its own name, links to outside are followed."""
    make(tmp_path, "p/real/test_a.py", "outside/test_b.py")
    root = tmp_path / "p"
    (root / "real" / "loop").symlink_to(root)
    (root / "alias").symlink_to(root / "real")
    (root / "linked").symlink_to(tmp_path / "outside")
    (root / "self").symlink_to(root / "self")
    (root / "self.py").symlink_to(root / "self.py")
    (root / "test_self.py").symlink_to(root / "test_self.py")
    result = look(root)
    assert [os.path.relpath(path, root) for path in result.files] == ["real/test_a.py", "linked/test_b.py"]
    (problem,) = result.problems
    assert problem.path == str(root / "real" / "loop")
    assert "leads in circles" in problem.message
    assert not problem.fatal


def test_unreadable_folder_is_reported_and_the_rest_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One locked folder does not hide its neighbours."""
    make(tmp_path, "a/test_a.py", "locked/test_b.py")
    from testlsp.project import discovery

    def locked(folder: str) -> list[os.DirEntry[str]]:
        # Not chmod: the administrator may read everything.
        if folder.endswith("locked"):
            raise ReadProblem(folder, "cannot be read: permission denied")
        return entries(folder)

    monkeypatch.setattr(discovery, "entries", locked)
    result = look(tmp_path)
    assert result.files == (str(tmp_path / "a/test_a.py"),)
    assert [(problem.message, problem.fatal) for problem in result.problems] == [
        ("cannot be read: permission denied", False)
    ]
    assert look(tmp_path, "locked").problems[0].fatal


def test_gitignore_in_every_folder(tmp_path: Path) -> None:
    """Patterns of parents up to the git root count, deeper files overrule, and the setting turns it all off."""
    make(tmp_path, "p/sub/test_a.py", "p/sub/gen/test_g.py", "p/sub/keep/test_k.py", "p/test_top.py", "p/sub/test_o.py")
    root = tmp_path / "p"
    (tmp_path / ".gitignore").write_text("*\n")
    (root / ".git" / "info").mkdir(parents=True)
    (root / ".git" / "info" / "exclude").write_text("test_o.py\n")
    (root / ".gitignore").write_text("gen/\n/test_top.py\nkeep\n")
    (root / "sub" / ".gitignore").write_text("!keep\n")
    assert found(root) == ["sub/test_a.py", "sub/keep/test_k.py"]
    assert found(root, "sub") == ["sub/test_a.py", "sub/keep/test_k.py"]
    assert len(found(root, respect_gitignore=False)) == 5


def test_what_is_in_a_folder_is_not_the_folder(tmp_path: Path) -> None:
    """After `a/**` a file of the folder can be taken back, because the folder itself is not ignored."""
    make(tmp_path, "p/a/test_a.py", "p/a/test_b.py", "p/a/c/test_c.py")
    (tmp_path / "p" / ".git").mkdir()
    (tmp_path / "p" / ".gitignore").write_text("a/**\n!a/test_b.py\n")
    assert found(tmp_path / "p") == ["a/test_b.py"]


# Without a negation: pathspec lets "!a" speak for what lies in the folder a, too, where git would ask the
# other patterns. Nor classes with odd members, which it reads as Python's regular expressions do. Nor two asterisks
# beside anything but a slash: git's manual calls them ordinary, and git lets those of "a**/a" match slashes.
PATTERN = (
    st.lists(st.sampled_from(["a", "b", "*", "/", "?", "[ab]", "\\\\a", "#", " a"]), min_size=1, max_size=5)
    .map("".join)
    .filter(lambda pattern: re.search(r"[^/]\*\*|\*\*[^/]", pattern) is None)
)
FILES = ("a/a", "a/b/a", "a/b/ab", "b/a/b", "b/b", "ab", "bb", "a b", "*", "!a", "#a", "\\a")
FOLDERS = ("a", "b", "a/b", "b/a")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("git")
    make(root, *FILES)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    return root


@pytest.mark.skipif(shutil.which("git") is None, reason="git is the oracle")
@settings(max_examples=40, deadline=None)
@given(st.lists(PATTERN, min_size=1, max_size=5))
def test_gitignore_patterns_mean_what_git_says(repository: Path, patterns: list[str]) -> None:
    """For any patterns, the verdict on a path is git's own."""
    text = "\n".join(patterns) + "\n"
    (repository / ".gitignore").write_text(text)
    command = ["git", "-C", str(repository), "check-ignore", "--no-index", "-z", "--stdin"]
    asked = "\0".join((*FILES, *FOLDERS))
    theirs = subprocess.run(command, input=asked, capture_output=True, text=True, check=False).stdout.split("\0")
    verdict = parse_ignores(text)
    paths = (*FILES, *(f"{folder}/" for folder in FOLDERS))
    ours = [path.rstrip("/") for path in paths if verdict is not None and ignored_with_parents(verdict, path)]
    assert ours == [path for path in theirs if path]


def ignored_with_parents(verdict: Verdict, path: str) -> bool | None:
    parts = path.rstrip("/").split("/")
    for depth in range(1, len(parts)):
        if verdict("/".join(parts[:depth]) + "/"):
            return True
    return verdict(path)
