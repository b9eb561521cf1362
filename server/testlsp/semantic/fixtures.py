"""What other files see of fixtures, tests and classes: plain values without position, tree or text.

Named tuples rather than dataclasses: a large suite has a hundred thousand of them, they are compared and written to the
cache often, and ``dataclasses`` alone costs a twentieth of the time that a check of one file may take.
"""

from __future__ import annotations

from typing import Any

from testlsp.text.named import NamedTuple

SCOPES = ("function", "class", "module", "package", "session")
"""Scopes from the narrowest to the widest; https://docs.pytest.org/en/stable/how-to/fixtures.html#fixture-scopes."""


class Marks(NamedTuple):
    """What the marks of a test, class or module say about fixtures.

    *usefixtures* are names in the order pytest sees them; *direct* and *indirect* are the parametrised names, of which
    the direct ones shadow fixtures. *aliases* are marks kept in a variable (``needs_db =
    pytest.mark.usefixtures("db")``), by the dotted name they are used with. *opaque* says that a part could not be
    read, so that more may be requested.
    """

    usefixtures: tuple[str, ...] = ()
    direct: tuple[str, ...] = ()
    indirect: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    opaque: bool = False

    def joined(self, other: Marks) -> Marks:
        """Return these marks followed by those of *other*."""
        if not any(other):
            return self
        if not any(self):
            return other
        return Marks(
            self.usefixtures + other.usefixtures,
            self.direct + other.direct,
            self.indirect + other.indirect,
            self.aliases + other.aliases,
            self.opaque or other.opaque,
        )


NO_MARKS = Marks()

ANYIO = "pytest.mark.anyio"
"""The mark with which anyio's plugin makes an ``async def`` test use `ANYIO_FIXTURE`; kept among the aliases."""

ANYIO_FIXTURE = "anyio_backend"


class Fixture(NamedTuple):
    """One definition of a fixture.

    *name* is what tests ask for, *function* the name it is bound to (they differ with ``name=`` and for renamed
    imports). *owner* is the chain of classes around it. *scope* is None when it is computed. *requests* are the
    parameters that pytest fills; *dynamic* the names given literally to ``request.getfixturevalue``; *opaque* says
    that it asks for names that cannot be read. *effects* are what it does to process state and *restores* what of that
    it undoes. *body* is a digest of its code, empty for trivial code.
    """

    name: str
    function: str
    path: str
    owner: tuple[str, ...] = ()
    scope: str | None = "function"
    autouse: bool = False
    requests: tuple[str, ...] = ()
    params: bool = False
    is_generator: bool = False
    is_async: bool = False
    dynamic: tuple[str, ...] = ()
    opaque: bool = False
    returns_mutable: bool | None = None
    effects: tuple[str, ...] = ()
    restores: tuple[str, ...] = ()
    body: str = ""

    @property
    def identity(self) -> tuple[str, tuple[str, ...], str]:
        """What says that two are the same definition, whatever name it was imported under."""
        return (self.path, self.owner, self.function)


class CollectedTest(NamedTuple):
    """A function that pytest collects, or would collect in a subclass of its class.

    *requests* are the parameters that pytest fills, fixtures and parametrised names alike.
    """

    name: str
    owner: tuple[str, ...] = ()
    requests: tuple[str, ...] = ()
    marks: Marks = NO_MARKS
    dynamic: tuple[str, ...] = ()
    opaque: bool = False
    is_async: bool = False


class ClassEntry(NamedTuple):
    """A class with its bases as dotted text (None for one that is not a dotted name) and its own marks."""

    owner: tuple[str, ...]
    bases: tuple[str | None, ...] = ()
    marks: Marks = NO_MARKS

    @property
    def name(self) -> str:
        """The class's own name, without the classes around it."""
        return self.owner[-1]


class MarkAlias(NamedTuple):
    """A mark kept in a variable of a module."""

    name: str
    marks: Marks


def frozen(value: Any) -> Any:
    """Return *value*, made of lists as JSON gives them, with tuples for the lists."""
    return tuple(frozen(item) for item in value) if value.__class__ is list else value


def fixture_from(data: list[Any]) -> Fixture:
    """Return the fixture that was written as *data*."""
    return Fixture(*map(frozen, data))


def test_from(data: list[Any]) -> CollectedTest:
    """Return the test that was written as *data*."""
    name, owner, requests, marks, *rest = map(frozen, data)
    return CollectedTest(name, owner, requests, Marks(*marks), *rest)


def class_from(data: list[Any]) -> ClassEntry:
    """Return the class that was written as *data*."""
    owner, bases, marks = map(frozen, data)
    return ClassEntry(owner, bases, Marks(*marks))
