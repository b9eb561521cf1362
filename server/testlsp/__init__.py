"""testlsp: a language server and linter for the quality of Python test suites."""

from __future__ import annotations

__version__ = "0.1.0"
