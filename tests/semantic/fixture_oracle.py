"""A pytest plugin that writes down which fixtures pytest itself resolves for each collected test.

Run as ``pytest --collect-only -p fixture_oracle`` with the name of the output file in ``FIXTURE_ORACLE``. Uses nothing
but pytest, so that it runs in any environment.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import os
import sysconfig

import pytest


def _where(function):
    """Return file and name of the function behind *function*."""
    with contextlib.suppress(ValueError):
        function = inspect.unwrap(function)
    function = getattr(function, "func", function)
    function = getattr(function, "__func__", function)
    code = getattr(function, "__code__", None)
    return (code.co_filename if code else "?", getattr(function, "__name__", "?"))


def _definition(found, autouse):
    path, name = _where(found.func)
    return {
        "path": path,
        "function": name,
        "scope": found.scope,
        "autouse": found.argname in autouse,
        "baseid": found.baseid,
        "direct": type(found).__name__ in {"DirectParamFixtureDef", "PseudoFixtureDef"} or "get_direct_param" in name,
    }


def _item(item):
    info = item._fixtureinfo
    manager = item.session._fixturemanager
    autouse = set(manager._getautousenames(item)) if hasattr(manager, "_node_autousenames") else set()
    chain = [node.name for node in item.listchain() if isinstance(node, pytest.Class)]
    return {
        "path": str(item.path),
        "chain": chain,
        "function": item.originalname or item.name,
        "initial": list(info.initialnames),
        "closure": list(info.names_closure),
        "definitions": {
            name: [_definition(found, autouse) for found in info.name2fixturedefs.get(name, ())]
            for name in info.names_closure
        },
    }


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session):
    config = session.config
    items = [_item(item) for item in session.items if isinstance(item, pytest.Function)]
    data = {
        "root": str(config.rootpath),
        "confcutdir": str(config.pluginmanager._confcutdir) if config.pluginmanager._confcutdir else None,
        "pythonpath": [str(path) for path in config.getini("pythonpath")],
        "usefixtures": list(config.getini("usefixtures")),
        "python_functions": list(config.getini("python_functions")),
        "python_classes": list(config.getini("python_classes")),
        "addopts": list(config.getini("addopts")),
        "site": [
            sysconfig.get_paths()["purelib"],
            *[path for path in os.environ.get("ORACLE_SITE", "").split(":") if path],
        ],
        "pytest": pytest.__version__,
        "items": items,
    }
    with open(os.environ["FIXTURE_ORACLE"], "w", encoding="utf-8") as stream:
        json.dump(data, stream)
