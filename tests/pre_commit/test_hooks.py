"""The hooks, run by the real pre-commit on a git repository of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# What the hook's environment is built from.
SHIPPED = (".pre-commit-hooks.yaml", "LICENSE", "README.md", "pyproject.toml", "rules", "server")

CLEAN = """\
def test_sum():
    assert sum([1, 2]) == 3
"""

LEAKY = """\
import os


def test_token():
    os.environ["TOKEN"] = "abc"
    assert os.environ["TOKEN"].upper() == "ABC"
"""

SHARED = """\
import pytest


@pytest.fixture(scope="session")
def users():
    return {"ada": 1}
"""

CHANGES_SHARED = """\
def test_new_user(users):
    users["grace"] = 2
    assert users["grace"] == 2


def test_number_of_users(users):
    assert len(users) == 1
"""

Run = Callable[..., "subprocess.CompletedProcess[str]"]

pytestmark = [pytest.mark.slow, pytest.mark.network]


def run_in(folder: Path, home: Path) -> Run:
    """Return a function that runs a command in `folder`, away from the user's git settings and hook environments."""
    own = {
        "GIT_AUTHOR_NAME": "tests",
        "GIT_AUTHOR_EMAIL": "tests@example.org",
        "GIT_COMMITTER_NAME": "tests",
        "GIT_COMMITTER_EMAIL": "tests@example.org",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "PRE_COMMIT_HOME": str(home),
    }
    # git sets GIT_DIR and friends when these tests are themselves run by a hook.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=folder, env=inherited | own, capture_output=True, text=True, check=False)

    return run


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pre-commit keeps the environments it builds; both hooks share one."""
    return tmp_path_factory.mktemp("pre-commit-home")


@pytest.fixture(scope="module")
def hook_repository(tmp_path_factory: pytest.TempPathFactory, home: Path) -> tuple[Path, str]:
    """Return a repository that holds this checkout as it is now, committed or not, and the commit to use."""
    folder = tmp_path_factory.mktemp("hooks")
    for name in SHIPPED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy2(source, folder / name)
    git = run_in(folder, home)
    git("git", "init", "-q")
    git("git", "add", "-A")
    done = git("git", "commit", "-q", "-m", "as it is now")
    assert done.returncode == 0, done.stderr
    return folder, git("git", "rev-parse", "HEAD").stdout.strip()


@pytest.fixture
def project(tmp_path: Path, home: Path, hook_repository: tuple[Path, str]) -> Callable[[str], Run]:
    """Return a function that makes a repository with one hook installed and returns how to run commands in it."""

    def make(hook: str) -> Run:
        repository, revision = hook_repository
        config = f"repos:\n- repo: {repository}\n  rev: {revision}\n  hooks:\n  - id: {hook}\n"
        (tmp_path / ".pre-commit-config.yaml").write_text(config, "utf-8")
        run = run_in(tmp_path, home)
        run("git", "init", "-q")
        run("git", "add", ".pre-commit-config.yaml")
        run("git", "commit", "-q", "-m", "start")
        done = run(sys.executable, "-m", "pre_commit", "install", "--install-hooks")
        if "Could not find a version" in done.stdout + done.stderr:
            pytest.skip("no package index answers")
        assert done.returncode == 0, done.stdout + done.stderr
        return run

    return make


def test_clean_commit_passes(project: Callable[[str], Run], tmp_path: Path) -> None:
    """A commit without findings goes through, and files that are no tests are not looked at."""
    run = project("testlsp-check")
    (tmp_path / "test_sum.py").write_text(CLEAN, "utf-8")
    (tmp_path / "settings.py").write_text('import os\n\nos.environ["TOKEN"] = "abc"\n', "utf-8")
    run("git", "add", "test_sum.py", "settings.py")

    done = run("git", "commit", "-m", "a clean test")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Passed" in done.stderr


def test_finding_blocks_the_commit(project: Callable[[str], Run], tmp_path: Path) -> None:
    """A finding is shown, nothing is committed and nothing is changed."""
    run = project("testlsp-check")
    (tmp_path / "test_token.py").write_text(LEAKY, "utf-8")
    run("git", "add", "test_token.py")

    done = run("git", "commit", "-m", "a leaky test")

    assert done.returncode == 1
    assert "TL101" in done.stderr
    assert "test_token.py" in done.stderr
    assert run("git", "log", "--format=%s").stdout == "start\n"
    assert (tmp_path / "test_token.py").read_text("utf-8") == LEAKY


def test_fix_blocks_once(project: Callable[[str], Run], tmp_path: Path) -> None:
    """The fixing hook rewrites the file and blocks, so that somebody looks at it; the next commit passes."""
    run = project("testlsp-fix")
    (tmp_path / "test_token.py").write_text(LEAKY, "utf-8")
    run("git", "add", "test_token.py")

    first = run("git", "commit", "-m", "a leaky test")
    run("git", "add", "test_token.py")
    second = run("git", "commit", "-m", "a mended test")

    assert first.returncode == 1
    assert 'monkeypatch.setenv("TOKEN", "abc")' in (tmp_path / "test_token.py").read_text("utf-8")
    assert second.returncode == 0, second.stdout + second.stderr
    assert run("git", "log", "--format=%s").stdout == "a mended test\nstart\n"


def test_conftest_that_was_not_passed_is_read(project: Callable[[str], Run], tmp_path: Path) -> None:
    """What a changed file depends on is known, and is not itself reported."""
    run = project("testlsp-check")
    (tmp_path / "conftest.py").write_text(SHARED, "utf-8")
    run("git", "add", "conftest.py")
    run("git", "commit", "-q", "-m", "fixtures")
    (tmp_path / "test_users.py").write_text(CHANGES_SHARED, "utf-8")
    run("git", "add", "test_users.py")

    done = run("git", "commit", "-m", "a test that changes what others share")

    assert done.returncode == 1
    assert "TL401" in done.stderr
    assert run("git", "log", "--format=%s").stdout == "fixtures\nstart\n"
