"""From text to layers, and from layers to settings; what is wrong is named, what is right stays."""

from __future__ import annotations

import pytest
from testlsp.config.load import Layer, merge, parse_override, read_pyproject, read_table, read_testlsp_toml


def test_kebab_case_table_becomes_a_layer() -> None:
    """Keys are written as in TOML and arrive as fields."""
    loaded = read_pyproject(
        "pyproject.toml", "[tool.testlsp]\nextend-select = ['TL9']\n[tool.testlsp.severity]\nTL1='hint'\n"
    )
    assert loaded.problems == ()
    assert loaded.layer is not None
    settings = merge([loaded.layer])
    assert settings.extend_select == ("TL9",)
    assert settings.severity == (("TL1", "hint"),)


def test_pyproject_without_our_table_is_no_layer() -> None:
    """Another tool's file says nothing about us, even if it mentions our name."""
    assert read_pyproject("pyproject.toml", "[project]\ndependencies = ['testlsp']\n").layer is None
    assert read_pyproject("pyproject.toml", "[tool.ruff]\n").layer is None


def test_empty_table_is_a_layer() -> None:
    """An empty `[tool.testlsp]` still stops the search for settings above."""
    assert read_pyproject("pyproject.toml", "[tool.testlsp]\n").layer is not None


@pytest.mark.parametrize(
    ("text", "line", "key", "parts"),
    [
        ("[tool.testlsp]\n\nselekt = ['TL1']\n", 3, "selekt", ["unknown setting `selekt`", "did you mean `select`"]),
        ("[tool.testlsp]\nqqqqqq = 1\n", 2, "qqqqqq", ["unknown setting `qqqqqq`"]),
        ("[tool.testlsp]\nextend_select = ['TL1']\n", 2, "extend_select", ["did you mean `extend-select`"]),
        ("[tool.testlsp]\nselect = 'TL1'\n", 2, "select", ["`select`", "list", "'TL1'"]),
        ("[tool.testlsp]\nselect = ['TL1', 7]\n", 2, "select", ["`select[1]`", "string", "7"]),
        ("[tool.testlsp]\nforce-exclude = 'yes'\n", 2, "force-exclude", ["true or false", "'yes'"]),
        ("[tool.testlsp]\nidiom = 'mock'\n", 2, "idiom", ["'monkeypatch'", "'mocker'", "'mock'"]),
        ("[tool.testlsp]\nallow-status-sets = [[200, 20]]\n", 2, "allow-status-sets", ["[0][1]", "20"]),
        ("[tool.testlsp]\nassertion-helpers = ['^(']\n", 2, "assertion-helpers", ["not a regular expression"]),
        ("[tool.testlsp]\nx.y = 1\n", 2, "x", ["unknown setting `x`"]),
        ("tool.testlsp.selekt = []\n", 1, "selekt", ["did you mean `select`"]),
        (
            '[tool.testlsp.severity]\nTL1 = "error"\n"TL2" = "bad"\n',
            3,
            "severity",
            ["`severity.TL2`", "'error'", "'bad'"],
        ),
    ],
)
def test_wrong_setting_is_named_with_file_line_and_key(text: str, line: int, key: str, parts: list[str]) -> None:
    """The message says where, which setting, and what would be right."""
    (problem,) = read_pyproject("some/pyproject.toml", text).problems
    assert problem[:3] == ("some/pyproject.toml", line, key)
    for part in parts:
        assert part in problem.message
    assert str(problem).startswith(f"some/pyproject.toml:{line}: ")


def test_good_settings_stay_in_force_beside_bad_ones() -> None:
    """Only the wrong key is dropped, however many there are."""
    text = "select = ['TL1']\nignore = 3\nidiom = 'mocker'\nnothing = 1\nsections = 'x'\n"
    loaded = read_testlsp_toml("testlsp.toml", text)
    assert [(problem.line, problem.key) for problem in loaded.problems] == [
        (2, "ignore"),
        (4, "nothing"),
        (5, "sections"),
    ]
    assert loaded.layer is not None
    assert loaded.layer.values == {"select": ["TL1"], "idiom": "mocker"}


@pytest.mark.parametrize(("text", "line"), [("a = 1\nb = [\n", 3), ("a = 1\nb ==\n", 2), ("a = 1\na = 2\n", 2)])
def test_broken_toml_names_the_line(text: str, line: int) -> None:
    """What is no TOML is reported once, with its line, and the defaults hold."""
    loaded = read_testlsp_toml("testlsp.toml", text)
    (problem,) = loaded.problems
    assert problem.line == line
    assert "not valid TOML" in problem.message
    assert loaded.layer == Layer("testlsp.toml")


def test_byte_order_mark_and_windows_newlines_are_accepted() -> None:
    """A file written by a Windows editor means the same."""
    loaded = read_testlsp_toml("testlsp.toml", "\ufeffselect = [\r\n  'TL1',\r\n]\r\n")
    assert loaded.problems == ()
    assert loaded.layer is not None
    assert loaded.layer.values == {"select": ["TL1"]}


def test_table_that_is_no_table() -> None:
    """`tool.testlsp = 1` is a problem, not a crash."""
    (problem,) = read_pyproject("p", "[tool]\ntestlsp = 1\n").problems
    assert (problem.line, problem.message) == (2, "`tool.testlsp` must be a table")


def test_editor_settings_are_validated_the_same_way() -> None:
    """Foreign values without a text have line 0 and the editor as their place."""
    loaded = read_table({"selct": ["TL1"], "idiom": "mocker", 3: 4}, "editor")
    assert {problem.key for problem in loaded.problems} == {"selct", "3"}
    assert str(loaded.problems[0]).startswith("editor: ")
    assert loaded.layer is not None
    assert loaded.layer.values == {"idiom": "mocker"}


@pytest.mark.parametrize(
    ("argument", "values"),
    [
        ("select=['TL1']", {"select": ["TL1"]}),
        ("idiom = 'mocker'", {"idiom": "mocker"}),
        ("idiom=mocker", {"idiom": "mocker"}),
        ("idiom=patch.dict", {"idiom": "patch.dict"}),
        ("force-exclude=true", {"force_exclude": True}),
        ("severity.TL1='hint'", {"severity": {"TL1": "hint"}}),
        ("tool.testlsp.idiom='mocker'", {"idiom": "mocker"}),
        ("severity={TL1='hint'}", {"severity": {"TL1": "hint"}}),
    ],
)
def test_override_from_the_command_line(argument: str, values: dict[str, object]) -> None:
    """The value is TOML; a bare word may go without quotes, as shells eat them."""
    loaded = parse_override(argument)
    assert loaded.problems == ()
    assert loaded.layer is not None
    assert loaded.layer.values == values


@pytest.mark.parametrize(
    ("argument", "part"),
    [
        ("select", "not of the form"),
        ("select=[", "not valid TOML"),
        ("selct=['TL1']", "did you mean `select`"),
        ("=3", "not of the form"),
    ],
)
def test_wrong_override_is_reported(argument: str, part: str) -> None:
    """A mistake on the command line is said, not raised."""
    (problem,) = parse_override(argument).problems
    assert problem.path == "command line"
    assert part in problem.message


def test_stronger_layer_replaces_and_extending_keys_add() -> None:
    """Command line beats editor beats file; `ignore` and the `extend-` keys accumulate."""
    settings = merge(
        [
            Layer("file", "", {"select": ["TL1"], "ignore": ["TL103"], "extend_exclude": ["a"], "idiom": "mocker"}),
            Layer("editor", "", {"idiom": "patch.dict"}),
            Layer("command line", "", {"select": ["TL2"], "ignore": ["TL205"], "extend_exclude": ["b"]}),
        ]
    )
    assert settings.select == ("TL2",)
    assert settings.ignore == ("TL103", "TL205")
    assert settings.extend_exclude == ("a", "b")
    assert settings.idiom == "patch.dict"
    assert settings.origins["ignore"] == "file, command line"
    assert settings.origins["select"] == "command line"


def test_new_select_forgets_what_was_extended_and_lifts_its_own_ignore() -> None:
    """`--select TL101` runs TL101 and nothing else, though the file ignores it and extends by others."""
    settings = merge(
        [
            Layer("file", "", {"extend_select": ["TL9"], "ignore": ["TL101", "TL102"]}),
            Layer("command line", "", {"select": ["TL101"]}),
        ]
    )
    assert settings.select == ("TL101",)
    assert settings.extend_select == ()
    assert settings.ignore == ("TL102",)


def test_globs_of_the_command_line_belong_to_the_working_folder() -> None:
    """`--exclude sub/x` given in a subfolder is about that subfolder, wherever the configuration lies."""
    settings = merge([Layer("command line", "/p/w[1]", {"exclude": ["data/x", "vendor"]})], root="/p")
    assert settings.excludes("/p/w[1]/data/x/test_a.py")
    assert not settings.excludes("/p/data/x/test_a.py")
    assert settings.excludes("/p/other/vendor/test_a.py")
