"""pytest's own configuration, read as pytest reads it."""

from __future__ import annotations

import pytest
from testlsp.config.pytest_ini import PytestFound, pytest_settings, read_pytest_config
from testlsp.config.settings import PytestSettings


def settings_from(name: str, text: str) -> PytestSettings:
    found = read_pytest_config(f"/p/{name}", name, text)
    assert found.problems == ()
    settings, problems = pytest_settings(found.table, rootdir="/p", inifile=f"/p/{name}", text=text)
    assert problems == ()
    return settings


INI = """
testpaths = tests  more/tests
python_files = test_*.py
    check_*.py
python_classes = Check Suite*
python_functions = it_
usefixtures = clean "odd name"
asyncio_mode = auto
markers =
    slow: takes long
    aws(region): needs a cloud
    plain
pythonpath = . src
addopts = -ra -p pytester -p no:cacheprovider --import-mode=importlib --strict-markers
"""


@pytest.mark.parametrize(
    ("name", "section"),
    [("pytest.ini", "pytest"), (".pytest.ini", "pytest"), ("tox.ini", "pytest"), ("setup.cfg", "tool:pytest")],
)
def test_ini_files(name: str, section: str) -> None:
    """All ini files are read alike, apart from the name of the section."""
    settings = settings_from(name, f"[{section}]{INI}")
    assert settings._replace(marker_place=None) == PytestSettings(
        rootdir="/p",
        inifile=f"/p/{name}",
        testpaths=("tests", "more/tests"),
        python_files=("test_*.py", "check_*.py"),
        python_classes=("Check", "Suite*"),
        python_functions=("it_",),
        usefixtures=("clean", "odd name"),
        asyncio_mode="auto",
        markers=("slow", "aws", "plain"),
        pythonpath=(".", "src"),
        plugins=("pytester",),
        disabled_plugins=("cacheprovider",),
        import_mode="importlib",
        strict_markers=True,
        addopts=("-ra", "-p", "pytester", "-p", "no:cacheprovider", "--import-mode=importlib", "--strict-markers"),
    )


def test_defaults_are_those_of_the_installed_pytest(pytestconfig: pytest.Config) -> None:
    """What we assume of a project without configuration is what pytest declares."""
    declared = pytestconfig._parser._inidict
    ours = PytestSettings()
    for name in ("python_files", "python_classes", "python_functions", "norecursedirs", "testpaths", "usefixtures"):
        assert list(getattr(ours, name)) == declared[name][2], name


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "pyproject.toml",
            '[tool.pytest.ini_options]\ntestpaths = "a b"\nmarkers = ["slow: x", "fast"]\naddopts = "-p x"\n',
        ),
        (
            "pyproject.toml",
            '[tool.pytest.ini_options]\ntestpaths = ["a", "b"]\nmarkers = "slow: x\\nfast"\naddopts = ["-p", "x"]\n',
        ),
        ("pyproject.toml", '[tool.pytest]\ntestpaths = ["a", "b"]\nmarkers = ["slow: x", "fast"]\naddopts = ["-px"]\n'),
        ("pytest.toml", '[pytest]\ntestpaths = ["a", "b"]\nmarkers = ["slow: x", "fast"]\naddopts = ["-p", "x"]\n'),
        (".pytest.toml", '[pytest]\ntestpaths = ["a", "b"]\nmarkers = ["slow: x", "fast"]\naddopts = ["-p", "x"]\n'),
    ],
)
def test_toml_files(name: str, text: str) -> None:
    """Both tables of pyproject.toml and the files of pytest 9 say the same."""
    settings = settings_from(name, text)
    assert (settings.testpaths, settings.markers, settings.plugins) == (("a", "b"), ("slow", "fast"), ("x",))


@pytest.mark.parametrize(
    ("name", "text", "counts"),
    [
        ("pytest.ini", "", True),
        ("pytest.toml", "", True),
        ("pytest.ini", "[other]\nx=1\n", True),
        ("tox.ini", "[tox]\ndeps = pytest\n", False),
        ("setup.cfg", "[metadata]\nname = pytest-x\n", False),
        ("pyproject.toml", "[project]\ndependencies = ['pytest']\n", False),
        ("pyproject.toml", "[tool.pytest.ini_options]\n", True),
        ("tox.ini", "[pytest]\n", True),
    ],
)
def test_which_files_are_a_configuration(name: str, text: str, counts: bool) -> None:
    """pytest.ini counts even when empty, other files only with their section."""
    assert (read_pytest_config(name, name, text).table is not None) is counts


@pytest.mark.parametrize(
    ("name", "text", "line", "part"),
    [
        ("pytest.ini", "[pytest]\ntestpaths = a\nnonsense\n", 3, "not a valid ini file"),
        ("pytest.ini", "[pytest]\na = 1\na = 2\n", 3, "duplicate name"),
        ("pytest.ini", "a = 1\n", 1, "no section header"),
        ("pytest.toml", "[pytest\n", 1, "not valid TOML"),
        ("pytest.toml", "testpaths = ['a']\n", 1, "[pytest]"),
        ("setup.cfg", "[metadata]\n[pytest]\n", 2, "[tool:pytest]"),
        ("pyproject.toml", "[tool.pytest]\na = 1\n[tool.pytest.ini_options]\nb = 1\n", 3, "refuses"),
    ],
)
def test_broken_configuration_is_a_problem_with_a_line(name: str, text: str, line: int, part: str) -> None:
    """What pytest would refuse is said, and nothing raises."""
    found: PytestFound = read_pytest_config(f"/p/{name}", name, text)
    (problem,) = found.problems
    assert (problem.path, problem.line) == (f"/p/{name}", line)
    assert part in problem.message


def test_option_of_the_wrong_type_keeps_its_default() -> None:
    """One wrong option is named and the others stay in force."""
    text = '[pytest]\npython_files = "test_*.py"\nusefixtures = ["a"]\n'
    found = read_pytest_config("pytest.toml", "pytest.toml", text)
    settings, (problem,) = pytest_settings(found.table, rootdir="/p", inifile="pytest.toml", text=text)
    assert settings.python_files == PytestSettings().python_files
    assert settings.usefixtures == ("a",)
    assert (problem.line, problem.key) == (2, "python_files")


def test_unclosed_quote_is_a_problem() -> None:
    """`shlex` refuses it, and so does pytest."""
    text = "[pytest]\naddopts = -k 'x\ntestpaths = a\n"
    found = read_pytest_config("pytest.ini", "pytest.ini", text)
    settings, (problem,) = pytest_settings(found.table, rootdir="/p", inifile="pytest.ini", text=text)
    assert (problem.line, settings.testpaths) == (2, ("a",))


def test_override_in_addopts_wins() -> None:
    """`-o name=value` in addopts beats the option itself, as in pytest."""
    text = "[pytest]\npython_files = a_*.py\naddopts = -o python_files=b_*.py --asyncio-mode auto\n"
    settings = settings_from("pytest.ini", text)
    assert settings.python_files == ("b_*.py",)
    assert settings.asyncio_mode == "auto"


@pytest.mark.parametrize("line", ["xfail_strict = true", "strict_xfail = true", "addopts = -o xfail_strict=1"])
def test_xfail_can_be_strict_everywhere(line: str) -> None:
    """The old name of the option, the new one and an override mean the same."""
    assert settings_from("pytest.ini", f"[pytest]\n{line}\n").xfail_strict


@pytest.mark.parametrize("line", ["anyio_mode = auto", "trio_mode = true"])
def test_other_plugins_can_run_every_coroutine(line: str) -> None:
    """What pytest-asyncio calls its auto mode, anyio and pytest-trio have too."""
    assert settings_from("pytest.ini", f"[pytest]\n{line}\n").async_auto
    assert not settings_from("pytest.ini", "[pytest]\nanyio_mode = strict\n").async_auto
