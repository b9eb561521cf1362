"""Functions and models from a few lines of text."""

from __future__ import annotations

import textwrap

from testlsp.semantic import FileRole, Function, SemanticModel
from testlsp.syntax import parse

PRELUDE = """
import os
import sys
import os as o
from os import environ, environ as env, chdir as go, putenv
from unittest.mock import patch
import app
from app import settings
"""


def model_of(text: str, path: str = "tests/test_x.py", role: FileRole = FileRole.TEST_MODULE) -> SemanticModel:
    """Return the model of a file, by default of a test module."""
    return SemanticModel(parse(path, textwrap.dedent(text)), role)


def function_of(text: str, name: str = "test_it") -> tuple[Function, SemanticModel]:
    """Return the function *name* of a module that begins with the usual imports."""
    model = model_of(PRELUDE + textwrap.dedent(text))
    function = model.function_named(name)
    assert function is not None
    return function, model
