"""The same few commands for people and machines: `nox -l` lists them."""

from __future__ import annotations

import nox

nox.needs_version = ">=2024.4.15"
nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["lint", "typecheck", "docs-check", "tests"]
nox.options.reuse_existing_virtualenvs = True

PYTHONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests on every supported interpreter that is installed."""
    session.install("-e", ".[test]")
    session.run("python", "-m", "pytest", "-q", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Style, the directions in which the parts may import each other, and our own rules in our own tests."""
    session.install("-e", ".[test]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports")
    session.run("testlsp", "check", "tests", "--no-cache")


@nox.session
def typecheck(session: nox.Session) -> None:
    """Check the types of both packages and of the tests."""
    session.install("-e", ".[test]")
    session.run("mypy")


@nox.session(name="docs-check")
def docs_check(session: nox.Session) -> None:
    """Check what is written: generated pages and index, links, the commands of the README, examples of the rules."""
    session.install("-e", ".[test]")
    session.run("python", "-m", "testlsp.report.pages", "--check", "rules/docs")
    session.run("python", "-m", "pytest", "-q", "tests/rules", "tests/project_rules", *session.posargs)
