"""Which settings apply to a file: the nearest testlsp configuration, pytest's and ruff's, found once per folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, MutableMapping, Sequence
from functools import partial

from testlsp.config.documents import ALL_NAMES, TESTLSP_NAMES, ConfigDocument, read_document
from testlsp.config.load import Layer, merge
from testlsp.config.problems import ConfigProblem
from testlsp.config.pytest_ini import CONFIG_NAMES, plugins_required, pytest_settings
from testlsp.config.ruff import RUFF_NAMES, RuffTable, ruff_settings
from testlsp.config.selectors import RuleKey, selector_uses, unknown_selectors
from testlsp.config.settings import RuffSettings, Settings
from testlsp.config.toml_text import line_of
from testlsp.project.files import FileProblem, existing, read_config
from testlsp.text.named import NamedTuple

# Where plugins of pytest may be asked for, besides the configuration files themselves.
REQUIREMENTS = (
    "requirements.txt",
    "requirements-dev.txt",
    "requirements-test.txt",
    "dev-requirements.txt",
    "test-requirements.txt",
)

# Files whose change can change the settings of the files below them: what an editor should watch.
WATCHED_NAMES = (*ALL_NAMES, "setup.py", *REQUIREMENTS)

# How many files ruff's `extend` may chain before we stop believing it.
_LONGEST_CHAIN = 10


class _Place(NamedTuple):
    """What a folder inherits or says itself; one object shared by all folders with the same answers."""

    testlsp: ConfigDocument | None = None
    pytest: ConfigDocument | None = None
    ruff: RuffSettings | None = None
    requires_python: str = ""
    pyproject: str = ""
    """The nearest folder with a pyproject.toml, whatever is in it."""
    setup: str = ""
    """The nearest folder with a setup.py."""
    plugins: frozenset[str] = frozenset()
    """The plugins of pytest that configuration and requirements files ask for: ``pytest_xdist``."""


class Configuration:
    """Resolves settings per folder; reads each configuration file once and remembers.

    The nearest folder with a ``testlsp.toml`` or a ``pyproject.toml`` that has ``[tool.testlsp]`` decides, and nothing
    is inherited from the folders above it. pytest's configuration is what pytest would use when run on that folder.
    Settings do not change while this object lives: make another when a file of `WATCHED_NAMES` has changed.
    """

    def __init__(
        self,
        *,
        cwd: str | None = None,
        overrides: Sequence[Layer] = (),
        config_file: str | None = None,
        isolated: bool = False,
        cache: MutableMapping[str, str] | None = None,
    ) -> None:
        """Prepare; nothing is read yet but *config_file*.

        *overrides* are layers above the file, the weakest first (editor, command line). *config_file* stands in for
        every testlsp configuration that would be found, its globs belonging to *cwd*. *isolated* finds none, and no
        ruff configuration either; pytest's still says what a test is. *cache* keeps what was read by content.
        """
        self.cwd = os.path.abspath(cwd or os.getcwd())
        self.overrides = tuple(overrides)
        self.config_file = config_file
        self.isolated = isolated
        self.cache = cache
        self._places: dict[str, _Place] = {}
        self._settings: dict[tuple[int, str], Settings] = {}
        self._problems: dict[ConfigProblem, None] = {}
        self._documents: dict[str, ConfigDocument | None] = {}
        self._explicit = self._read_explicit(config_file)

    @property
    def problems(self) -> tuple[ConfigProblem, ...]:
        """What was wrong in the files read so far, each problem once."""
        return tuple(self._problems)

    @property
    def files(self) -> tuple[str, ...]:
        """Absolute paths of the configuration files read so far."""
        return tuple(path for path, document in self._documents.items() if document is not None)

    def for_file(self, path: str) -> Settings:
        """Return the settings for the file *path* (absolute, or relative to the working folder)."""
        return self.for_folder(os.path.dirname(os.path.join(self.cwd, path)))

    def for_folder(self, folder: str) -> Settings:
        """Return the settings for files in the absolute *folder*, which need not exist."""
        folder = os.path.normpath(os.path.join(self.cwd, folder))
        place = self._place(folder)
        rootdir = self._rootdir(folder, place)
        key = (id(place), rootdir)
        settings = self._settings.get(key)
        if settings is None:
            settings = self._settings[key] = self._resolve(place, rootdir)
        return settings

    def unknown_selectors(self, rules: Sequence[RuleKey]) -> list[ConfigProblem]:
        """Return a problem for each selector, in the files read so far and in the overrides, that names no rule."""
        problems: list[ConfigProblem] = []
        if self._explicit is not None:
            documents = [self._explicit]
        else:
            found = {place.testlsp.path: place.testlsp for place in self._places.values() if place.testlsp is not None}
            documents = list(found.values())
        for document in documents:
            if document.layer is not None:
                uses = selector_uses(document.layer.values)
                problems += unknown_selectors(uses, rules, partial(_place_in, document))
        for layer in self.overrides:
            problems += unknown_selectors(selector_uses(layer.values), rules, partial(_source_of, layer))
        return list(dict.fromkeys(problems))

    def _resolve(self, place: _Place, rootdir: str) -> Settings:
        document = place.pytest
        pytest, problems = pytest_settings(
            None if document is None else document.pytest,
            rootdir=rootdir,
            inifile="" if document is None else document.path,
            text="" if document is None else document.text,
        )
        self._problems.update(dict.fromkeys(problems))
        xdist = "pytest_xdist" in place.plugins and "xdist" not in pytest.disabled_plugins
        pytest = pytest._replace(required_plugins=tuple(sorted(place.plugins)), xdist=pytest.xdist or xdist)
        own = self._explicit or place.testlsp
        layers = self.overrides if own is None or own.layer is None else (own.layer, *self.overrides)
        return merge(
            layers,
            root=rootdir if own is None else own.base,
            pytest=pytest,
            ruff=place.ruff,
            requires_python=place.requires_python,
        )

    def _rootdir(self, folder: str, place: _Place) -> str:
        """Return pytest's rootdir, by the rules of its ``determine_setup``."""
        if place.pytest is not None:
            return place.pytest.base
        if place.pyproject or place.setup:
            return place.pyproject or place.setup
        try:
            common = os.path.commonpath((self.cwd, folder))
        except ValueError:  # another drive
            return folder
        return folder if common == os.path.dirname(common) else common

    def _place(self, folder: str) -> _Place:
        unknown: list[str] = []
        current = folder
        while (place := self._places.get(current)) is None:
            unknown.append(current)
            parent = os.path.dirname(current)
            if parent == current:
                place = _Place()
                break
            current = parent
        for each in reversed(unknown):
            place = self._places[each] = self._below(place, each)
        return place

    def _below(self, above: _Place, folder: str) -> _Place:
        """Return what holds in *folder*, given what holds in the folder *above* it."""
        names = existing(folder, (*ALL_NAMES, "setup.py"))
        if not names:
            return above
        documents = {name: self._document(os.path.join(folder, name)) for name in names if name in ALL_NAMES}
        found = above
        for name in CONFIG_NAMES:
            document = documents.get(name)
            if document is not None and document.pytest is not None:
                found = found._replace(pytest=document)
                break
        for name in () if self.isolated else TESTLSP_NAMES:
            document = documents.get(name)
            if document is not None and document.layer is not None:
                found = found._replace(testlsp=document)
                break
        for name in () if self.isolated else RUFF_NAMES:
            document = documents.get(name)
            if document is not None and document.ruff is not None:
                found = found._replace(ruff=self._ruff(document))
                break
        pyproject = documents.get("pyproject.toml")
        if pyproject is not None:
            requires = pyproject.requires_python or above.requires_python
            found = found._replace(pyproject=folder, requires_python=requires)
        unparsed = [name for name in names if name == "setup.py"] + existing(folder, REQUIREMENTS)
        plugins = self._plugins_asked_for(folder, documents.values(), unparsed)
        if not plugins <= found.plugins:
            found = found._replace(plugins=found.plugins | plugins)
        return found._replace(setup=folder) if "setup.py" in names else found

    def _plugins_asked_for(
        self, folder: str, documents: Iterable[ConfigDocument | None], unparsed: Iterable[str]
    ) -> frozenset[str]:
        texts = [document.text for document in documents if document is not None]
        for name in unparsed:
            try:
                texts.append(read_config(os.path.join(folder, name)) or "")
            except FileProblem:
                continue  # not ours to complain about
        return frozenset(name for text in texts for name in plugins_required(text))

    def _ruff(self, document: ConfigDocument) -> RuffSettings:
        chain: list[RuffTable] = []
        current: ConfigDocument | None = document
        while current is not None and current.ruff is not None and len(chain) < _LONGEST_CHAIN:
            chain.append(current.ruff)
            extend = current.ruff.extend
            if not extend:
                break
            path = os.path.normpath(os.path.join(current.base, os.path.expanduser(extend)))
            # The file may have any name; what is not a pyproject.toml is written like a ruff.toml.
            is_pyproject = os.path.basename(path) == "pyproject.toml"
            current = self._document(path, name="pyproject.toml" if is_pyproject else "ruff.toml")
        return ruff_settings(document.path, document.base, chain[::-1])

    def _document(self, path: str, name: str = "") -> ConfigDocument | None:
        if path in self._documents:
            return self._documents[path]
        base, own_name = os.path.split(path)
        document: ConfigDocument | None = None
        try:
            text = read_config(path)
            if text is not None:
                document = read_document(path, base, name or own_name, text, self.cache)
                self._problems.update(dict.fromkeys(document.problems))
        except FileProblem as problem:
            self._problems[ConfigProblem(path, 0, "", problem.message)] = None
        self._documents[path] = document
        return document

    def _read_explicit(self, config_file: str | None) -> ConfigDocument | None:
        """Read the file named by the user; one that is not there is a problem, with defaults in force."""
        if config_file is None:
            return None
        path = os.path.normpath(os.path.join(self.cwd, config_file))
        empty = ConfigDocument(path, self.cwd, "", layer=Layer(config_file, self.cwd))
        document = self._document(path)
        if document is None:
            if not os.path.exists(path):
                self._problems[ConfigProblem(config_file, 0, "", "there is no such configuration file")] = None
            return empty
        if document.layer is None:
            if not document.problems:
                message = "has no table [tool.testlsp]"
                self._problems[ConfigProblem(config_file, 0, "", message)] = None
            return empty
        return ConfigDocument(path, self.cwd, document.text, layer=Layer(path, self.cwd, document.layer.values))


def _place_in(document: ConfigDocument, key: str) -> tuple[str, int]:
    prefix = ("tool", "testlsp") if os.path.basename(document.path) == "pyproject.toml" else ()
    return document.path, line_of(document.text, (*prefix, key))


def _source_of(layer: Layer, key: str) -> tuple[str, int]:
    return layer.source, 0
