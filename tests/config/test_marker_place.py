"""A new marker goes where pytest reads it."""

from __future__ import annotations

import pytest
from testlsp.config.marker_place import marker_place
from testlsp.config.pytest_ini import pytest_settings, read_pytest_config

HEAD = "[tool.pytest.ini_options]\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", HEAD + 'markers = ["slow: takes long"]\n'),
        ("pyproject.toml", HEAD + "markers = []\n"),
        ("pyproject.toml", HEAD + 'markers = [\n  "slow: takes long",  # really\n]\ntestpaths = ["t"]\n'),
        ("pyproject.toml", HEAD + "markers = [  # our own\n]\n"),
        ("pytest.toml", '[pytest]\nmarkers = [\n    "slow",\n    "fast"\n]\n'),
        ("pytest.ini", "[pytest]\nmarkers =\n    slow: takes long\n    fast\naddopts = -q\n"),
        ("tox.ini", "[pytest]\nmarkers = slow: takes long\naddopts = -q\n"),
        ("setup.cfg", "[tool:pytest]\r\nmarkers =\r\n\tslow: takes long\r\n"),
    ],
)
def test_the_new_marker_joins_the_others(name: str, text: str) -> None:
    """After the edit pytest reads the markers of before and the new one, and everything else stays."""
    before = registered(name, text)
    place = marker_place(name, text)
    assert place is not None

    new = text[: place.offset] + place.before + "database" + place.after + text[place.offset :]

    assert sorted(registered(name, new)) == sorted([*before, "database"])
    assert len(new) == len(text) + len(place.before + "database" + place.after)


@pytest.mark.parametrize(
    "text",
    [
        HEAD + 'testpaths = ["t"]\n',
        HEAD + "markers = []\n[tool.other]\nmarkers = []\n",
    ],
)
def test_no_place_where_it_is_not_clear(text: str) -> None:
    """A file without markers, or with two lists of them, is left to a person."""
    assert marker_place("pyproject.toml", text) is None


def registered(name: str, text: str) -> tuple[str, ...]:
    found = read_pytest_config(f"/p/{name}", name, text)
    settings, problems = pytest_settings(found.table, rootdir="/p", inifile=f"/p/{name}", text=text)
    assert not problems
    return settings.markers
