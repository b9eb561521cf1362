"""Plugins are found by reading the files of an environment."""

from __future__ import annotations

from testlsp.semantic.plugins import (
    EntryPoint,
    chosen_plugins,
    distributions,
    editable_directories,
    installed_plugins,
    pytest_entry_points,
    site_directories,
)


class Files:
    """A directory tree in a dictionary."""

    def __init__(self, files: dict[str, str]) -> None:
        self.files = files

    def list_dir(self, path: str) -> list[str]:
        found = {name[len(path) + 1 :].partition("/")[0] for name in self.files if name.startswith(path + "/")}
        if not found:
            raise FileNotFoundError(path)
        return sorted(found)

    def read_text(self, path: str) -> str:
        if path not in self.files:
            raise FileNotFoundError(path)
        return self.files[path]


ENVIRONMENT = Files(
    {
        "/v/lib/python3.12/site-packages/one-1.dist-info/entry_points.txt": "[pytest11]\none = one.plugin\n",
        "/v/lib/python3.12/site-packages/two-1.dist-info/METADATA": "",
        "/v/lib/python3.12/site-packages/__editable__.three.pth": "/srv/three/src\n# no\nimport three_hook\n",
        "/v/lib/python3.12/site-packages/__editable___four_finder.py": "import sys\n"
        "MAPPING: dict[str, str] = {'four': '/srv/four/lib/four'}\n",
        "/srv/three/src/three.egg-info/entry_points.txt": "[pytest11]\nthree = three:Plugin\n",
        "/srv/three/src/three.py": "",
    }
)


def test_only_pytest_entry_points_are_read() -> None:
    """Other groups, comments, attributes and extras of entry points are left out."""
    text = "[console_scripts]\na = b:main\n\n[pytest11]\n# no\nx = pkg.plugin\ny=pkg:attr [extra]\n[other]\nz = w\n"
    assert pytest_entry_points(text) == (EntryPoint("x", "pkg.plugin"), EntryPoint("y", "pkg"))


def test_environment_is_searched() -> None:
    """Installed and editable distributions are found from the prefix of the environment."""
    sites = site_directories("/v", ENVIRONMENT)
    assert sites == ("/v/lib/python3.12/site-packages", "/srv/three/src", "/srv/four/lib")
    assert installed_plugins(sites, ENVIRONMENT) == (EntryPoint("one", "one.plugin"), EntryPoint("three", "three"))
    assert distributions(sites, ENVIRONMENT) == {"one", "two", "three"}


def test_unreadable_mapping_is_ignored() -> None:
    """A finder that is not what setuptools writes adds nothing."""
    assert editable_directories("/s", Files({"/s/__editable___x_finder.py": "MAPPING = compute()\n"})) == ()
    assert site_directories("/nowhere", ENVIRONMENT) == ()


def test_options_choose_plugins() -> None:
    """``-p no:`` keeps a plugin out, ``-p`` loads one by entry point or module, before the installed ones."""
    points = (EntryPoint("xdist", "xdist.plugin"), EntryPoint("mock", "pytest_mock"))
    assert chosen_plugins(points, ["-p", "no:xdist", "-pmine.plugin", "--pyargs"]) == ("mine.plugin", "pytest_mock")
    assert chosen_plugins(points, ["-p", "mock"]) == ("pytest_mock", "xdist.plugin")
