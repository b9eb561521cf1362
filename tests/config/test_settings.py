"""Settings: one truth for names, defaults and meanings, and what the resolved settings answer."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys

import pytest
from testlsp.config.load import Layer, merge, read_table
from testlsp.config.options import Options
from testlsp.config.settings import PytestSettings, RuffSettings, Settings, describe, show


def test_options_and_settings_name_the_same_keys() -> None:
    """What a file may say and what the program knows cannot drift apart."""
    assert list(Options.model_fields) == [info.name for info in describe()]
    assert [field.alias for field in Options.model_fields.values()] == [info.key for info in describe()]


def test_no_default_stands_in_options() -> None:
    """Defaults stand in Settings alone."""
    assert Options().model_dump(exclude_none=True) == {}


def test_every_default_can_be_written_by_a_user_and_gives_the_defaults() -> None:
    """The table that `testlsp config` prints is itself a valid configuration that changes nothing."""
    written = {info.key: info.default for info in describe() if info.key != "target-version"}
    loaded = read_table(json.loads(json.dumps(written)), "testlsp.toml")
    assert loaded.problems == ()
    assert loaded.layer is not None
    assert merge([loaded.layer]) == Settings()


def test_described_types_agree_with_what_is_accepted() -> None:
    """The words for a type match pydantic's schema of that key."""
    properties = Options.model_json_schema()["properties"]
    words: dict[str, str | tuple[str, ...]] = {
        "array": "list",
        "object": "table",
        "boolean": "true or false",
        "integer": "whole number",
        "number": "number",
        "string": ("string", "one of"),
    }
    for info in describe():
        kinds = {each.get("type", "string") for each in properties[info.key]["anyOf"]} - {"null"}
        assert info.type.startswith(words[kinds.pop()]), info.key


def test_every_setting_has_a_meaning() -> None:
    """No setting is left unexplained, and each explanation is a sentence."""
    assert all(info.meaning.endswith(".") and len(info.meaning) > 20 for info in describe())


def test_resolving_defaults_imports_nothing_heavy() -> None:
    """A project without testlsp settings pays for neither pydantic nor a TOML parser."""
    program = (
        "import sys, testlsp.config, testlsp.config.load, testlsp.config.selectors, testlsp.project.configuration\n"
        "import testlsp.project.discovery\n"
        "testlsp.config.load.merge([testlsp.config.load.Layer('cli', '', {'select': ('ALL',)})])\n"
        "bad = {'pydantic', 'pathspec', 'tomllib', 'tomli', 'iniconfig', 'json', 'logging', 'hashlib', 'pathlib'}\n"
        "print(sorted(bad & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, text=True, env={
        "PYTHONPATH": ":".join(path for path in sys.path if path.endswith("server")) or _server()})  # fmt: skip
    assert done.stdout.strip() == "[]", done.stderr


def _server() -> str:
    import testlsp

    return testlsp.__file__.rsplit("/", 2)[0]


def test_settings_survive_the_way_to_a_worker() -> None:
    """Settings are hashable, comparable and can be pickled, origins included."""
    settings = merge(
        [Layer("x.toml", "/p", {"allow_status_sets": [[200, 204]], "severity": {"TL1": "error"}})], root="/p"
    )
    again = pickle.loads(pickle.dumps(settings))
    assert again == settings
    assert hash(again) == hash(settings)
    assert again.origins == {"allow-status-sets": "x.toml", "severity": "x.toml"}
    assert settings.allow_status_sets == (frozenset({200, 204}),)


def test_show_tells_where_a_value_comes_from() -> None:
    """`--show-settings` names file, editor or command line for each value, and "default" otherwise."""
    settings = merge(
        [Layer("pyproject.toml", "", {"select": ["TL1"]}), Layer("command line", "", {"ignore": ["TL101"]})]
    )
    shown = {info.key: (value, origin) for info, value, origin in show(settings)}
    assert shown["select"] == (["TL1"], "pyproject.toml")
    assert shown["ignore"] == (["TL101"], "command line")
    assert shown["idiom"] == ("monkeypatch", "default")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/p/tests/integration/test_a.py", True),
        ("/p/integration/deep/er/test_a.py", True),
        ("/p/tests/test_integration.py", False),
        ("/p/tests/integration.py", False),
        ("/integration/test_a.py", False),
    ],
)
def test_integration_paths_are_judged_below_the_root(path: str, expected: bool) -> None:
    """A folder called integration counts inside the project only, not above it."""
    assert Settings(root="/p").is_integration_path(path) is expected
    assert Settings(root="/p/integration/x").is_integration_path("/p/integration/x/test_a.py") is False


def test_per_file_ignores_and_their_negation() -> None:
    """A glob gives its selectors to the files it matches, with `!` to all others."""
    settings = Settings(root="/p", per_file_ignores=(("tests/e2e/**", ("TL3",)), ("!conftest.py", ("TL4",))))
    assert settings.ignored_in("/p/tests/e2e/test_a.py") == ("TL3", "TL4")
    assert settings.ignored_in("/p/tests/conftest.py") == ()


def test_python_version_prefers_the_explicit_setting() -> None:
    """`target-version` beats `requires-python` beats the oldest Python we support."""
    assert Settings().python_version == (3, 10)
    assert Settings(requires_python="3.12").python_version == (3, 12)
    assert Settings(requires_python="3.12", target_version="3.11").python_version == (3, 11)


def test_section_headings_follow_preset_and_setting() -> None:
    """Own headings replace those of the preset."""
    assert Settings().section_headings[0] == "Integration Scope"
    assert Settings(sections="given-when-then").section_headings == ("Given", "When", "Then")
    assert Settings(headings=("What",)).section_headings == ("What",)


@pytest.mark.parametrize(
    ("ruff", "code", "expected"),
    [
        (None, "B017", False),
        (RuffSettings("r", ("B",)), "B017", True),
        (RuffSettings("r", ("ALL",), ("B",)), "B017", False),
        (RuffSettings("r", ("B017",), ("B",)), "B017", True),
        (RuffSettings("r", ("B",), ("B017",)), "B017", False),
        (RuffSettings("r", ("B017",), ("B017",)), "B017", False),
        (RuffSettings("r", ("E",)), "B017", False),
        (RuffSettings("r", ("B",), (), (("tests/*", ("B017",)),), "/p"), "B017", False),
        (RuffSettings("r", ("B",), (), (("src/*", ("B017",)),), "/p"), "B017", True),
    ],
)
def test_deferring_to_ruff(ruff: RuffSettings | None, code: str, expected: bool) -> None:
    """In "auto" we are silent exactly where ruff's own selection, ignores and per-file ignores leave the rule on."""
    settings = Settings(root="/p", ruff=ruff)
    assert settings.reported_by_ruff("/p/tests/test_a.py", code) is expected
    assert Settings(ruff=ruff, defer_to_ruff="always").reported_by_ruff("/p/x.py", code) is True
    assert Settings(ruff=ruff, defer_to_ruff="never").reported_by_ruff("/p/x.py", code) is False


def test_test_files_come_from_pytest_unless_overridden() -> None:
    """Our `python-files` replaces pytest's."""
    pytest_own = PytestSettings(python_files=("check_*.py",))
    assert Settings(pytest=pytest_own).test_files == ("check_*.py",)
    assert Settings(pytest=pytest_own, python_files=("t_*.py",)).test_files == ("t_*.py",)
