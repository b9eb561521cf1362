"""Which settings apply to a file, and where they come from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from testlsp.config.load import Layer
from testlsp.config.pytest_ini import PytestTable, pytest_settings
from testlsp.config.selectors import RuleKey
from testlsp.project.configuration import Configuration


def write(root: Path, **texts: str) -> None:
    for name, text in texts.items():
        path = root / name.replace("__", "/").replace("_toml", ".toml").replace("_ini", ".ini").replace("_cfg", ".cfg")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_nearest_configuration_wins_and_inherits_nothing(tmp_path: Path) -> None:
    """As in ruff: one file per folder decides, testlsp.toml before pyproject.toml."""
    write(
        tmp_path,
        pyproject_toml="[tool.testlsp]\nselect = ['TL1']\nidiom = 'mocker'\n",
        a__testlsp_toml="select = ['TL2']\n",
        a__pyproject_toml="[tool.testlsp]\nselect = ['TL3']\n",
        b__pyproject_toml="[project]\nname = 'b'\n",
    )
    configuration = Configuration(cwd=str(tmp_path))
    top, a, b = (configuration.for_folder(str(tmp_path / name)) for name in (".", "a/deep/er", "b"))
    assert (top.select, top.idiom, top.root) == (("TL1",), "mocker", str(tmp_path))
    assert (a.select, a.idiom, a.root) == (("TL2",), "monkeypatch", str(tmp_path / "a"))
    assert b.select == ("TL1",)
    assert a.origins == {"select": str(tmp_path / "a" / "testlsp.toml")}
    assert configuration.problems == ()


def test_folders_with_the_same_answers_share_one_settings_object(tmp_path: Path) -> None:
    """A thousand folders do not mean a thousand resolutions."""
    write(tmp_path, pytest_ini="[pytest]\n", a__x="", b__x="")
    configuration = Configuration(cwd=str(tmp_path))
    assert configuration.for_folder(str(tmp_path / "a")) is configuration.for_file("b/test_x.py")


def test_editor_and_command_line_stand_above_the_file(tmp_path: Path) -> None:
    """Defaults < file < editor < command line."""
    write(tmp_path, testlsp_toml="idiom = 'mocker'\nsections = 'given-when-then'\nselect = ['TL1']\n")
    layers = [
        Layer("editor", "", {"idiom": "patch.dict", "select": ["TL2"]}),
        Layer("command line", "", {"select": ["TL3"]}),
    ]
    settings = Configuration(cwd=str(tmp_path), overrides=layers).for_file("t.py")
    assert (settings.sections, settings.idiom, settings.select) == ("given-when-then", "patch.dict", ("TL3",))


def test_isolated_reads_no_configuration_but_pytest(tmp_path: Path) -> None:
    """`--isolated` ignores our settings and ruff's; what a test is still has to be known."""
    write(
        tmp_path,
        pyproject_toml="[tool.testlsp]\nselect=['TL1']\n[tool.ruff]\n[tool.pytest.ini_options]\npython_files='t_*.py'\n",
    )
    settings = Configuration(cwd=str(tmp_path), isolated=True).for_file("t.py")
    assert (settings.select, settings.ruff, settings.test_files) == (("DEFAULT",), None, ("t_*.py",))


def test_named_configuration_file(tmp_path: Path) -> None:
    """`--config FILE` stands in for all others; globs in it belong to the working folder."""
    write(tmp_path, testlsp_toml="select = ['TL1']\n", other__my_toml="select = ['TL2']\nexclude = ['a/b']\n")
    configuration = Configuration(cwd=str(tmp_path), config_file="other/my.toml")
    settings = configuration.for_file("t.py")
    assert settings.select == ("TL2",)
    assert settings.excludes(str(tmp_path / "a/b/test_x.py"))
    assert configuration.problems == ()


@pytest.mark.parametrize(("name", "part"), [("gone.toml", "no such"), ("pyproject.toml", "no table [tool.testlsp]")])
def test_named_configuration_file_that_says_nothing(tmp_path: Path, name: str, part: str) -> None:
    """A mistyped `--config` must not pass unnoticed."""
    write(tmp_path, pyproject_toml="[project]\n")
    (problem,) = Configuration(cwd=str(tmp_path), config_file=name).problems
    assert part in problem.message


def test_problems_name_the_file_and_are_reported_once(tmp_path: Path) -> None:
    """Bad settings in one file do not disturb another folder, nor repeat themselves."""
    write(tmp_path, a__testlsp_toml="selekt = 1\nidiom = 'mocker'\n", b__testlsp_toml="[\n", c__pytest_ini="nonsense\n")
    configuration = Configuration(cwd=str(tmp_path))
    for _ in range(2):
        assert configuration.for_file("a/t.py").idiom == "mocker"
        assert configuration.for_file("b/t.py").select == ("DEFAULT",)
        assert configuration.for_file("c/t.py").pytest.rootdir == str(tmp_path / "c")
    assert [(Path(p.path).parent.name, p.line) for p in configuration.problems] == [("a", 1), ("b", 1), ("c", 1)]


def test_configuration_that_is_not_text(tmp_path: Path) -> None:
    """A file in another encoding is a problem, not a crash."""
    (tmp_path / "testlsp.toml").write_bytes(b"select = ['\xff']\n")
    configuration = Configuration(cwd=str(tmp_path))
    assert configuration.for_file("t.py").select == ("DEFAULT",)
    assert "not valid UTF-8" in configuration.problems[0].message


@pytest.mark.parametrize(
    ("present", "inifile"),
    [
        (["pytest.toml", ".pytest.toml", "pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg"], "pytest.toml"),
        ([".pytest.toml", "pytest.ini", "tox.ini"], ".pytest.toml"),
        (["pytest.ini", ".pytest.ini", "pyproject.toml"], "pytest.ini"),
        ([".pytest.ini", "pyproject.toml"], ".pytest.ini"),
        (["pyproject.toml", "tox.ini"], "pyproject.toml"),
        (["tox.ini", "setup.cfg"], "tox.ini"),
        (["setup.cfg"], "setup.cfg"),
    ],
)
def test_pytest_configuration_is_the_one_pytest_takes(tmp_path: Path, present: list[str], inifile: str) -> None:
    """Order and rootdir are compared with the installed pytest."""
    from _pytest.config.findpaths import determine_setup

    texts = {"toml": "[pytest]\n", "ini": "[pytest]\n", "cfg": "[tool:pytest]\n"}
    for name in present:
        text = "[tool.pytest.ini_options]\n" if name == "pyproject.toml" else texts[name.rpartition(".")[2]]
        (tmp_path / name).write_text(text)
    (tmp_path / "sub").mkdir()
    settings = Configuration(cwd=str(tmp_path)).for_file("sub/t.py")
    theirs = determine_setup(
        inifile=None, override_ini=None, args=[str(tmp_path / "sub")], rootdir_cmd_arg=None, invocation_dir=tmp_path
    )
    assert settings.pytest.inifile == str(tmp_path / inifile) == str(theirs[1])
    assert settings.pytest.rootdir == str(theirs[0])


@pytest.mark.parametrize(
    "files",
    [
        ["setup.py"],
        ["a/setup.py"],
        ["pyproject.toml"],
        ["a/pyproject.toml", "pytest.ini"],
        ["a/pyproject.toml", "setup.py"],
        ["a/setup.py", "pyproject.toml"],
        ["a/b/setup.py", "a/tox.ini"],
        [],
    ],
)
def test_rootdir_is_the_one_pytest_takes(tmp_path: Path, files: list[str]) -> None:
    """setup.py, a pyproject.toml without pytest's table, or the common ancestor: as pytest decides."""
    from _pytest.config.findpaths import determine_setup

    (tmp_path / "a" / "b").mkdir(parents=True)
    for name in files:
        (tmp_path / name).write_text("")
    settings = Configuration(cwd=str(tmp_path)).for_file("a/b/t.py")
    theirs = determine_setup(
        inifile=None, override_ini=None, args=[str(tmp_path / "a" / "b")], rootdir_cmd_arg=None, invocation_dir=tmp_path
    )
    assert settings.pytest.rootdir == str(theirs[0])


def test_ruff_configuration_of_the_nearest_folder(tmp_path: Path) -> None:
    """Nearest file, .ruff.toml before ruff.toml before pyproject.toml, `extend` followed."""
    write(
        tmp_path,
        pyproject_toml="[tool.ruff.lint]\nselect = ['B']\n",
        a__ruff_toml="extend = '../base.toml'\n[lint]\nignore = ['PT011']\n",
        base_toml="[lint]\nselect = ['PT']\n",
        b__ruff_toml="extend = 'ruff.toml'\n",
    )
    configuration = Configuration(cwd=str(tmp_path))
    top, a = configuration.for_file("t.py"), configuration.for_file("a/t.py")
    assert top.ruff is not None
    assert top.ruff.select == ("B",)
    assert a.ruff is not None
    assert a.ruff.select == ("PT",)
    assert not a.reported_by_ruff(str(tmp_path / "a/t.py"), "PT011")
    assert a.reported_by_ruff(str(tmp_path / "a/t.py"), "PT012")
    assert configuration.for_file("b/t.py").ruff is not None
    assert configuration.problems == ()


def test_project_without_ruff(tmp_path: Path) -> None:
    """No ruff configuration, nothing to defer to."""
    assert Configuration(cwd=str(tmp_path)).for_file("t.py").ruff is None


@pytest.mark.parametrize(
    ("requires", "version"), [(">=3.11", (3, 11)), ("~=3.12.1", (3, 12)), (">3.8,<4,>=3.9", (3, 9)), ("<4", (3, 10))]
)
def test_oldest_python_comes_from_requires_python(tmp_path: Path, requires: str, version: tuple[int, int]) -> None:
    """The lower bound of the project's own metadata is the target."""
    write(tmp_path, pyproject_toml=f'[project]\nrequires-python = "{requires}"\n')
    assert Configuration(cwd=str(tmp_path)).for_file("t.py").python_version == version


def test_unknown_selectors_are_named_with_their_place(tmp_path: Path) -> None:
    """A misspelt rule is reported at the line of its key, or at the command line."""
    write(
        tmp_path, pyproject_toml="[tool.testlsp]\n\nselect = ['TL101', 'envron']\n[tool.testlsp.severity]\nTLX='hint'\n"
    )
    configuration = Configuration(cwd=str(tmp_path), overrides=[Layer("command line", "", {"ignore": ("TL777",)})])
    configuration.for_file("t.py")
    problems = configuration.unknown_selectors([RuleKey("TL101", "environ-assignment", "environ", True)])
    assert [(p.line, p.key) for p in problems] == [(3, "select"), (4, "severity"), (0, "ignore")]
    assert "did you mean `environ`?" in problems[0].message


def test_cached_configuration_needs_no_parser(tmp_path: Path) -> None:
    """The second run has the same settings and problems without pydantic, TOML parser or ini parser."""
    write(
        tmp_path,
        pyproject_toml="[tool.testlsp]\nselect=['TL1']\nselekt=1\n[tool.testlsp.per-file-ignores]\n'a/*'=['TL2']\n"
        "[tool.ruff]\nlint.select=['B']\n[tool.pytest]\nmarkers=['a: b']\n[project]\nrequires-python='>=3.11'\n",
        a__pytest_ini="[pytest]\nusefixtures = x\n",
    )
    cache: dict[str, str] = {}
    first = Configuration(cwd=str(tmp_path), cache=cache)
    names = ("t.py", "a/t.py")
    expected = [first.for_file(name) for name in names]
    program = (
        "import sys\nfrom testlsp.project.configuration import Configuration\n"
        f"c = Configuration(cwd={str(tmp_path)!r}, cache={cache!r})\n"
        f"print([c.for_file(n) for n in {names!r}], c.problems)\n"
        "print(sorted({'pydantic', 'tomllib', 'tomli', 'iniconfig'} & set(sys.modules)))"
    )
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert output.splitlines() == [f"{expected} {first.problems}", "[]"]


def test_damaged_cache_is_read_anew(tmp_path: Path) -> None:
    """Whatever stands in the cache, the settings are those of the file."""
    write(tmp_path, testlsp_toml="select=['TL1']\n")
    cache: dict[str, str] = {}
    Configuration(cwd=str(tmp_path), cache=cache).for_file("t.py")
    (key,) = cache
    for damaged in ("", "[", "{}", "[]", '{"layer": 3, "pytest": null, "ruff": null, "requires": "", "problems": []}'):
        cache[key] = damaged
        assert Configuration(cwd=str(tmp_path), cache=cache).for_file("t.py").select == ("TL1",)


def test_another_configuration_sees_changed_files(tmp_path: Path) -> None:
    """The server makes a new configuration when a file has changed on disk."""
    write(tmp_path, testlsp_toml="select=['TL1']\n")
    configuration = Configuration(cwd=str(tmp_path))
    assert configuration.for_file("t.py").select == ("TL1",)
    assert configuration.files == (str(tmp_path / "testlsp.toml"),)
    write(tmp_path, testlsp_toml="select=['TL2']\n")
    assert configuration.for_file("t.py").select == ("TL1",)
    assert Configuration(cwd=str(tmp_path)).for_file("t.py").select == ("TL2",)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("pyproject.toml", "[project]\ndependencies = ['pytest-xdist>=3']\n", True),
        ("tox.ini", "[testenv]\ndeps = pytest-xdist\n", True),
        ("requirements-dev.txt", "pytest\npytest-xdist==3.6\n", True),
        ("requirements.txt", "pytest\n", False),
        ("pytest.ini", "[pytest]\naddopts = -q -n auto\n", True),
        ("pytest.ini", "[pytest]\naddopts = -n0\n", False),
        ("pytest.ini", "[pytest]\n# pytest-xdist\naddopts = -p no:xdist\n", False),
    ],
)
def test_projects_that_run_tests_in_parallel(tmp_path: Path, name: str, text: str, expected: bool) -> None:
    """pytest-xdist counts where it is asked for, and not where it is switched off."""
    (tmp_path / "setup.py").write_text("")
    (tmp_path / name).write_text(text)
    assert Configuration(cwd=str(tmp_path)).for_file("tests/test_a.py").pytest.xdist is expected


def test_the_way_tests_are_handed_out_is_read() -> None:
    """`--dist` says which tests stay in one process."""
    table = PytestTable("ini", {"addopts": "-n 4 --dist loadfile"})
    settings, problems = pytest_settings(table, rootdir="/p")
    assert (settings.xdist, settings.dist, problems) == (True, "loadfile", ())
