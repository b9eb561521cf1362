"""The settings as everything else sees them: resolved, immutable, cheap to import.

The fields of `Settings` made with `setting` are what a user can write; their default and meaning stand here and nowhere
else. `testlsp.config.options` says which foreign values they accept.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, TypeVar

from testlsp.config.globs import path_matcher
from testlsp.text.named import NamedTuple

T = TypeVar("T")

Severity = Literal["error", "warning", "information", "hint"]
Idiom = Literal["monkeypatch", "patch.dict", "mocker"]
DeferToRuff = Literal["auto", "always", "never"]
Sections = Literal["seam", "given-when-then"]

# Folders that hold no tests of the project: what version control, environments, builds and tools leave behind.
DEFAULT_EXCLUDE = (
    ".bzr",
    ".direnv",
    ".eggs",
    ".git",
    ".hg",
    ".ipynb_checkpoints",
    ".mypy_cache",
    ".nox",
    ".pytest_cache",
    ".ruff_cache",
    ".svn",
    ".testlsp_cache",
    ".tox",
    ".venv",
    "*.egg",
    "*.egg-info",
    "__pycache__",
    "__pypackages__",
    "_build",
    "build",
    "dist",
    "node_modules",
    "site-packages",
    "venv",
)

# The headings of the two presets of `sections`, in the order in which they are expected.
HEADINGS: Mapping[Sections, tuple[str, ...]] = {
    "seam": ("Integration Scope", "Seam Under Test", "Business Impact", "Test Strategy", "Success Criteria"),
    "given-when-then": ("Given", "When", "Then"),
}


class PytestSettings(NamedTuple):
    """What the project's own pytest configuration says; the defaults are pytest's.

    https://docs.pytest.org/en/stable/reference/reference.html#configuration-options
    """

    rootdir: str = ""
    inifile: str = ""
    """The file the values come from; "" when there is none."""
    python_files: tuple[str, ...] = ("test_*.py", "*_test.py")
    python_classes: tuple[str, ...] = ("Test",)
    python_functions: tuple[str, ...] = ("test",)
    testpaths: tuple[str, ...] = ()
    """As written: relative to *rootdir*, may hold globs."""
    norecursedirs: tuple[str, ...] = ("*.egg", ".*", "_darcs", "build", "CVS", "dist", "node_modules", "venv", "{arch}")
    markers: tuple[str, ...] = ()
    """Names of the registered markers, without arguments and description."""
    usefixtures: tuple[str, ...] = ()
    pythonpath: tuple[str, ...] = ()
    """As written: relative to *rootdir*."""
    addopts: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()
    """Plugins named by ``-p x`` in addopts."""
    required_plugins: tuple[str, ...] = ()
    """Plugins that the project's requirements name, as modules: ``pytest_xdist``."""
    disabled_plugins: tuple[str, ...] = ()
    """Plugins named by ``-p no:x`` in addopts."""
    import_mode: str = "prepend"
    strict_markers: bool = False
    xfail_strict: bool = False
    asyncio_mode: str = "strict"
    async_auto: bool = False
    """Whether anyio or pytest-trio is told to run every ``async def`` test."""
    xdist: bool = False
    """Whether tests run in several processes: by addopts, or because the project asks for pytest-xdist."""
    dist: str = ""
    """How pytest-xdist hands out tests, by ``--dist`` in addopts; "" when it is not said."""
    marker_place: tuple[int, str, str] | None = None
    """Where *inifile* takes another marker: an offset in its text, and what goes before and behind the name."""


class RuffSettings(NamedTuple):
    """Which rules the project's ruff configuration turns on, as ruff's own selectors."""

    path: str
    select: tuple[str, ...]
    ignore: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Pairs of glob and selectors; globs are relative to *root*, a leading ``!`` negates."""
    root: str = ""


class SettingInfo(NamedTuple):
    """One setting as `testlsp config` shows it; *name* is the field, *key* what the user writes."""

    name: str
    key: str
    type: str
    default: object
    """The default in TOML's types: text, number, truth, list or table."""
    meaning: str


_NOWHERE: Mapping[str, str] = {}
_MEANINGS: list[tuple[str, str]] = []
"""Kind and meaning of each field of `Settings` made with `setting`, in order."""


def setting(default: T, kind: str, meaning: str) -> T:
    """Declare a field that the user can set: its *default*, its type in TOML's words and its *meaning*."""
    _MEANINGS.append((kind, meaning))
    return default


class Settings(NamedTuple):
    """The settings in force for the files of one directory.

    Tables are tuples of pairs and lists are tuples, so that settings can be compared, hashed and pickled.
    """

    select: tuple[str, ...] = setting(
        ("DEFAULT",),
        "list of selectors",
        "Rules to run: code, name, code prefix, family, `DEFAULT` (those on by default) or `ALL`.",
    )
    extend_select: tuple[str, ...] = setting((), "list of selectors", "Rules to run besides those of `select`.")
    ignore: tuple[str, ...] = setting(
        (),
        "list of selectors",
        "Rules not to run. Of two selectors the more specific one wins; of equal ones, `ignore`.",
    )
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = setting(
        (), "table of lists of selectors", "Rules not to report in the files that match a glob."
    )
    fixable: tuple[str, ...] = setting(("ALL",), "list of selectors", "Rules whose fixes `--fix` may apply.")
    unfixable: tuple[str, ...] = setting((), "list of selectors", "Rules whose fixes `--fix` must leave alone.")
    severity: tuple[tuple[str, Severity], ...] = setting(
        (),
        "table of error, warning, information or hint",
        "Severity of the findings of the rules that a selector names; the most specific selector wins.",
    )
    exclude: tuple[str, ...] = setting(
        DEFAULT_EXCLUDE,
        "list of globs",
        "Files and folders to skip. A glob without `/` matches a name at any depth, one with `/` a path below the "
        "folder of the configuration file. Replaces the default list.",
    )
    extend_exclude: tuple[str, ...] = setting(
        (), "list of globs", "Files and folders to skip besides those of `exclude`."
    )
    force_exclude: bool = setting(False, "true or false", "Apply `exclude` to files named on the command line, too.")
    respect_gitignore: bool = setting(
        True, "true or false", "Skip what `.gitignore` files and `.git/info/exclude` name."
    )
    python_files: tuple[str, ...] = setting(
        (), "list of globs", "Which files are test files; empty: what pytest's own `python_files` says."
    )
    cache_dir: str = setting(
        ".testlsp_cache",
        "string",
        "Where results are kept between runs; relative to the folder of the configuration file.",
    )
    target_version: str = setting(
        "",
        "string",
        "Oldest Python the suite runs on, like `3.11`, which decides what fixes may use; empty: `requires-python` of "
        "pyproject.toml, or 3.10.",
    )
    python: str = setting(
        "",
        "string",
        "Interpreter or virtual environment whose installed pytest plugins are read (never run); empty: the active "
        "environment or `.venv`.",
    )
    src: tuple[str, ...] = setting(
        (".", "src"),
        "list of paths",
        "Folders from which the project's own modules are imported, besides pytest's `pythonpath`.",
    )
    idiom: Idiom = setting(
        "monkeypatch",
        "one of monkeypatch, patch.dict, mocker",
        "How fixes and messages change process state and undo it.",
    )
    defer_to_ruff: DeferToRuff = setting(
        "auto",
        "one of auto, always, never",
        "Whether to stay silent where ruff reports the same: if the project's ruff configuration enables that rule, "
        "in any case, or never.",
    )
    allow_import_time_env: tuple[str, ...] = setting(
        (), "list of name globs", "Environment variables that test modules and conftests may set when imported (TL109)."
    )
    allow_status_sets: tuple[frozenset[int], ...] = setting(
        (), "list of lists of status codes", "Sets of HTTP status codes that a test may accept together (TL301, TL302)."
    )
    assertion_helpers: tuple[str, ...] = setting(
        ("assert*", "_assert*", "verify_*", "expect_*", "check_*"),
        "list of name globs or regexes",
        "Names of functions that fail the test by themselves (TL310). A glob (`check_*`), matched against the last "
        "part of a dotted name, or against all of it if the glob holds a dot; or a regular expression that begins "
        "with `^`.",
    )
    assertion_fixtures: tuple[str, ...] = setting(
        ("*snapshot*", "benchmark", "*_regression", "httpx_mock", "respx_mock"),
        "list of name globs",
        "Fixtures that fail the test by themselves when it requests them (TL310).",
    )
    smoke_markers: tuple[str, ...] = setting(
        ("smoke",), "list of marker names", "Markers of tests that may only check that something exists (TL304, TL310)."
    )
    integration_paths: tuple[str, ...] = setting(
        ("**/integration/**",), "list of globs", "Paths whose tests are integration tests (TL5)."
    )
    integration_markers: tuple[str, ...] = setting(
        ("integration",), "list of marker names", "Markers that make a test an integration test (TL5)."
    )
    sections: Sections = setting(
        "seam",
        "one of seam, given-when-then",
        "Which headings the docstring of an integration test is given; one that has those of either preset passes.",
    )
    headings: tuple[str, ...] = setting(
        (), "list of strings", "Headings instead of those of the preset, in their order; empty: those of `sections`."
    )
    max_fixture_depth: int = setting(
        10, "whole number", "How many fixtures may request one another in a row, plugins' fixtures aside (TL420)."
    )
    max_unguarded: int = setting(
        1,
        "whole number",
        "How many things a fixture may have acquired, to be given back behind its `yield` only, when it acquires "
        "another one (TL403).",
    )
    max_autouse_tests: int = setting(
        0, "whole number, or 0", "How many tests an autouse fixture of a conftest may run for; 0: any number (TL410)."
    )
    max_integration_steps: int = setting(
        6, "whole number", "How often an integration test may make requests and assert in turns (TL512)."
    )
    max_sleep: float = setting(
        0.1, "number", "Seconds up to which a test may sleep, as it takes to make the clock advance (TL601)."
    )

    root: str = ""
    """The folder that relative globs and paths belong to: of the configuration file, else pytest's rootdir."""
    requires_python: str = ""
    """The lower bound of ``requires-python``, like "3.11"; "" if unknown."""
    pytest: PytestSettings = PytestSettings()
    ruff: RuffSettings | None = None
    """None when the project has no ruff configuration."""
    origins: Mapping[str, str] = _NOWHERE
    """Which file (or "editor", "command line") a setting comes from, by key; a key that is absent has its default."""

    def __eq__(self, other: object) -> bool:
        """Whether both say the same, wherever it is said."""
        return isinstance(other, Settings) and self[:-1] == other[:-1]

    def __ne__(self, other: object) -> bool:
        """Whether they differ in what they say."""
        return not self == other

    def __hash__(self) -> int:
        """Agrees with equality."""
        return hash(self[:-1])

    def __repr__(self) -> str:
        """Show what is in force, not where it is said: results are kept under this text."""
        return f"Settings{self[:-1]!r}"

    @property
    def test_files(self) -> tuple[str, ...]:
        """The globs of the names of test files: our own setting, else pytest's."""
        return self.python_files or self.pytest.python_files

    @property
    def python_version(self) -> tuple[int, int]:
        """The oldest Python the suite runs on, like (3, 11)."""
        major, _, minor = (self.target_version or self.requires_python or "3.10").partition(".")
        return int(major), int(minor or 0)

    @property
    def section_headings(self) -> tuple[str, ...]:
        """The headings that the docstring of an integration test is given."""
        return self.headings or HEADINGS[self.sections]

    def excludes(self, path: str) -> bool:
        """Whether `exclude` or `extend_exclude` names the absolute *path* or a folder above it."""
        return path_matcher(self.exclude + self.extend_exclude, self.root)(path)

    def is_integration_path(self, path: str) -> bool:
        """Whether the absolute *path* is that of an integration test."""
        return path_matcher(self.integration_paths, self.root)(path)

    def ignored_in(self, path: str) -> tuple[str, ...]:
        """Return the selectors of the rules that `per_file_ignores` turns off in the absolute *path*."""
        return _selectors_for(self.per_file_ignores, self.root, path)

    def reported_by_ruff(self, path: str, *codes: str) -> bool:
        """Whether to leave a finding in *path* to ruff, which reports the same as one of *codes* ("B017", "PT011")."""
        if self.defer_to_ruff == "never":
            return False
        if self.defer_to_ruff == "always":
            return True
        if self.ruff is None:
            return False
        dropped = _selectors_for(self.ruff.per_file_ignores, self.ruff.root, path)
        return any(_ruff_enables(self.ruff, code) and not code.startswith(dropped) for code in codes if code)


def _ruff_enables(ruff: RuffSettings, code: str) -> bool:
    """Whether ruff runs *code*: the longer of the prefixes wins, of equal ones `ignore`."""
    on = max((_specificity(selector, code) for selector in ruff.select), default=-1)
    off = max((_specificity(selector, code) for selector in ruff.ignore), default=-1)
    return on > off


def _specificity(selector: str, code: str) -> int:
    if selector == "ALL":
        return 0
    return len(selector) if code.startswith(selector) else -1


def _selectors_for(table: tuple[tuple[str, tuple[str, ...]], ...], root: str, path: str) -> tuple[str, ...]:
    found: list[str] = []
    for glob, selectors in table:
        matched = path_matcher((glob.removeprefix("!"),), root)(path)
        if matched != glob.startswith("!"):
            found += selectors
    return tuple(found)


# The fields made with `setting` come first.
_NAMES = Settings._fields[: len(_MEANINGS)]


@lru_cache(maxsize=1)
def defaults() -> Settings:
    """Return the settings of a project that configures nothing."""
    return Settings()


@lru_cache(maxsize=1)
def setting_names() -> frozenset[str]:
    """Return the field names of everything a user can set."""
    return frozenset(_NAMES)


def key_of(name: str) -> str:
    """Return the key a user writes for the field *name*."""
    return name.replace("_", "-")


def thawed(value: object) -> object:
    """Return the *value* of a field in TOML's types: pairs become a table, tuples and sets lists."""
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [thawed(item) for item in value]
    return value


def toml_value(info_kind: str, value: object) -> object:
    """Return the *value* of a field whose type is *info_kind* as the user would write it in TOML."""
    if info_kind.startswith("table") and isinstance(value, tuple):
        return {key: thawed(item) for key, item in value}
    return thawed(value)


def describe() -> list[SettingInfo]:
    """Return every setting with its key, type, default and meaning, in the order of declaration."""
    usual = defaults()
    return [
        SettingInfo(name, key_of(name), kind, toml_value(kind, getattr(usual, name)), meaning)
        for name, (kind, meaning) in zip(_NAMES, _MEANINGS, strict=True)
    ]


def show(settings: Settings) -> list[tuple[SettingInfo, object, str]]:
    """Return every setting with its value in *settings* (in TOML's types) and where that came from."""
    return [
        (info, toml_value(info.type, getattr(settings, info.name)), settings.origins.get(info.key, "default"))
        for info in describe()
    ]
