"""Which functions remember what they read from the environment, and whose caches are emptied."""

from __future__ import annotations

import textwrap

import pytest
from testlsp.semantic import FileRole, SemanticModel
from testlsp.semantic.caches import ANY, cached_readers, emptied_caches
from testlsp.semantic.graph import FixtureGraph
from testlsp.semantic.modules import Root
from testlsp.semantic.origins import remembered
from testlsp.semantic.summary import FileSummary, summarise
from testlsp.syntax import parse

SETTINGS = """
import functools, os
from functools import lru_cache as remembered

@remembered(maxsize=None)
def settings(): return os.environ["URL"], os.getenv("DEBUG")

@functools.cache
def constant(): return 1

@remembered
def named(name): return os.environ["NAME"]

def plain(): return os.environ["URL"]
"""


def model(code: str, path: str = "/p/conftest.py") -> SemanticModel:
    """Return the model of a file with *code*."""
    role = FileRole.CONFTEST if path.endswith("conftest.py") else FileRole.OTHER
    return SemanticModel(parse(path, textwrap.dedent(code)), role)


def test_cached_functions_are_known_with_the_variables_they_read() -> None:
    """Without a cache, without a variable or with parameters there is nothing to say for certain."""
    assert cached_readers(model(SETTINGS)) == (("settings", "DEBUG", "URL"),)


SETTINGS_CLASS = """
from functools import cache
import pydantic
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

class Plain(BaseSettings):
    url: str
    debug: bool = Field(False, alias="VERBOSE")

class Prefixed(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="APP_", env_file=".env", case_sensitive=True)
    url: str = ""

class Unknown(BaseSettings):
    model_config = CONFIG
    url: str

class Derived(Plain):
    name: str

class Model(pydantic.BaseModel):
    url: str

@cache
def made():
    return {name}()
"""


@pytest.mark.parametrize(
    ("name", "variables"),
    [
        ("Plain", ("URL", "url")),
        ("Prefixed", ("APP_url",)),
        ("Unknown", ()),
        ("Derived", ()),
        ("Model", ()),
    ],
)
def test_settings_of_pydantic_read_variables_called_like_their_fields(name: str, variables: tuple[str, ...]) -> None:
    """With the prefix, if it can be told; other classes read nothing."""
    found = cached_readers(model(SETTINGS_CLASS.replace("{name}", name)))

    assert found == ((("made", *variables),) if variables else ())


def test_a_function_that_the_cached_one_calls_may_read_the_variable() -> None:
    """It belongs to the same file."""
    code = """
    import os
    from functools import cache
    def get(default=""): return os.getenv("URL", default)
    @cache
    def url(): return get()
    """
    assert cached_readers(model(code)) == (("url", "URL"),)


def test_emptied_caches_are_known_by_the_last_name() -> None:
    """A loop over caches may empty any."""
    assert emptied_caches(
        model(
            """
            import pytest
            from shop import config
            @pytest.fixture
            def one(): config.settings.cache_clear()
            def pytest_runtest_setup():
                for cache in config.CACHES: cache.cache_clear()
            """
        )
    ) == (ANY, "settings")


def test_other_files_learn_of_it_through_imports() -> None:
    """A summary keeps the fact, also as data, and names are followed through a package that hands them on."""
    files = {
        "/p/shop/config.py": SETTINGS,
        "/p/shop/__init__.py": "from .config import settings as get",
        "/p/test_it.py": "from shop import get",
    }
    summaries = {path: summarise((found := model(code, path)).source, found) for path, code in files.items()}
    kept = {path: FileSummary.from_data(summary.to_data()) for path, summary in summaries.items()}

    assert kept == summaries
    graph = FixtureGraph(kept, roots=(Root("/p"),))
    assert remembered(graph.namespaces, "/p/test_it.py", "shop.get") == {"URL", "DEBUG"}
    assert not remembered(graph.namespaces, "/p/test_it.py", "shop.config.plain")


def test_modules_of_settings_are_read_where_tests_patch_the_environment() -> None:
    """Application code is not read for nothing: only what such a test calls without arguments can matter."""
    code = """
    from shop.config import settings, unused
    from shop import config, other
    def test_it(monkeypatch):
        monkeypatch.setenv("URL", "x")
        assert settings() and config.settings() and other.make(1)
    """
    source = parse("/p/tests/test_it.py", textwrap.dedent(code))
    summary = summarise(source, SemanticModel(source, FileRole.TEST_MODULE))

    assert summary.settings == ("config", "settings")
    graph = FixtureGraph({source.path: summary}, roots=(Root("/p"),))
    places = {place for group in graph.sources(source.path) for place in group}
    assert "/p/shop/config.py" in places
    assert "/p/shop/other.py" not in places
