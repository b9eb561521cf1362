"""Settings for the files of several folders: the configuration files below each, and what the editor says above them.

A configuration file that has become wrong is reported, and what it last said in order stays in force.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from testlsp.config.documents import ConfigDocument
from testlsp.config.load import Layer, read_table
from testlsp.config.problems import ConfigProblem
from testlsp.config.settings import Settings
from testlsp.lint.library import AnyRule
from testlsp.project.configuration import Configuration
from testlsp.project.rules import Selection, Selector
from testlsp.text.named import NamedTuple

EDITOR = "editor"
"""The source of settings, and the place of problems, that come from the editor."""


class Folder(NamedTuple):
    """A folder that is open in the editor; *settings* are the editor's for it, by the keys of a configuration file."""

    path: str
    settings: Mapping[str, Any] = {}


class LastingConfiguration(Configuration):
    """A configuration that goes on with the last good content of a file that is wrong now.

    *good* holds that content by path and outlives this object.
    """

    def __init__(self, cwd: str, overrides: Sequence[Layer], good: dict[str, ConfigDocument]) -> None:
        """Read below *cwd*, with *overrides* above what files say."""
        self._good = good
        super().__init__(cwd=cwd, overrides=overrides)

    def _document(self, path: str, name: str = "") -> ConfigDocument | None:
        if path in self._documents:
            return self._documents[path]
        document = super()._document(path, name)
        if document is None or not document.problems:
            if document is None:
                self._good.pop(path, None)
            else:
                self._good[path] = document
            return document
        if path in self._good:
            document = self._documents[path] = self._good[path]
        return document


class Workspace:
    """The folders, their configurations and the rules that run on each file."""

    def __init__(self, rules: Sequence[AnyRule], folders: Sequence[Folder] = ()) -> None:
        """Choose among *rules* by the settings of *folders*."""
        self.selector = Selector(rules)
        self.folders: tuple[Folder, ...] = ()
        self.revision = 0
        self._good: dict[str, ConfigDocument] = {}
        self._loose_settings: Mapping[str, Any] = {}
        self._equal: dict[Settings, Settings] = {}
        self._by_folder: dict[str, Settings] = {}
        self._configurations: dict[str, Configuration] = {}
        self._editor_problems: tuple[ConfigProblem, ...] = ()
        self.configure(folders)

    def configure(self, folders: Sequence[Folder], loose: Mapping[str, Any] | None = None) -> None:
        """Take over *folders*; *loose* are the editor's settings for files outside of all of them."""
        self.folders = tuple(sorted(folders, key=lambda folder: -len(folder.path)))
        if loose is not None:
            self._loose_settings = loose
        self.refresh()

    def refresh(self) -> None:
        """Forget what configuration files say; they are read again when somebody asks."""
        self.revision += 1
        self._by_folder = {}
        self._configurations = {}
        problems: dict[ConfigProblem, None] = {}
        for folder in (*self.folders, Folder("", self._loose_settings)):
            loaded = read_table(dict(folder.settings), EDITOR, folder.path)
            problems.update(dict.fromkeys(loaded.problems))
            layers = [loaded.layer] if loaded.layer is not None and loaded.layer.values else []
            root = folder.path or os.path.abspath(os.sep)
            self._configurations[folder.path] = LastingConfiguration(root, layers, self._good)
        self._editor_problems = tuple(problems)

    def folder_of(self, path: str) -> str:
        """Return the innermost folder that holds *path*, "" if none does."""
        for folder in self.folders:
            if path == folder.path or path.startswith(folder.path.rstrip("/") + "/"):
                return folder.path
        return ""

    def configuration_of(self, path: str) -> Configuration:
        """Return the configuration that speaks of *path*."""
        return self._configurations[self.folder_of(path)]

    def settings_for(self, path: str) -> Settings:
        """Return the settings for the file *path*; equal ones are the same object, also after a `refresh`."""
        folder = os.path.dirname(path)
        known = self._by_folder.get(folder)
        if known is None:
            found = self.configuration_of(path).for_folder(folder)
            known = self._by_folder[folder] = self._equal.setdefault(found, found)
        return known

    def selection_for(self, path: str) -> Selection:
        """Return the rules that run on *path*."""
        return self.selector.for_file(path, self.settings_for(path))

    @property
    def config_files(self) -> frozenset[str]:
        """Configuration files read so far."""
        return frozenset(path for each in self._configurations.values() for path in each.files)

    @property
    def problems(self) -> tuple[ConfigProblem, ...]:
        """What is wrong in the configuration read so far; selectors that name no rule are among it."""
        found: dict[ConfigProblem, None] = dict.fromkeys(self._editor_problems)
        for configuration in self._configurations.values():
            found.update(dict.fromkeys(configuration.problems))
            found.update(dict.fromkeys(configuration.unknown_selectors(self.selector.keys)))
        return tuple(found)
