"""Questions to the fixture graph and its answers: places, what runs there, and who asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from testlsp.semantic.fixtures import Fixture
from testlsp.text.named import NamedTuple


class Site(NamedTuple):
    """A place that asks for fixtures: a module, a class in it (*chain*, outermost first) or a function there."""

    path: str
    chain: tuple[str, ...] = ()
    function: str | None = None


class User(NamedTuple):
    """Somebody who asks for a fixture.

    *kind* is "test", "fixture", "class", "module" or "root" (the ``usefixtures`` setting); *how* is "parameter",
    "usefixtures", "indirect" or "getfixturevalue".
    """

    site: Site
    kind: str
    how: str


class Closure:
    """All that runs for a test or fixture; iterating gives the definitions that run, `active`.

    ``initial`` are the names asked for at first. ``definitions`` holds all names reached, each with everything visible
    under it from general to specific (nothing for a name that is unknown or set by ``parametrize``). ``active`` are
    the definitions that run: for a fixture that asks for its own name, the overridden ones too. ``extra`` is like
    ``definitions``, for names that only ``getfixturevalue`` with a literal reaches, which pytest learns at run time.
    ``opaque`` says that more may be asked for then.
    """

    __slots__ = ("active", "definitions", "extra", "initial", "opaque")

    def __init__(
        self,
        initial: tuple[str, ...] = (),
        definitions: Mapping[str, tuple[Fixture, ...]] | None = None,
        active: tuple[Fixture, ...] = (),
        extra: Mapping[str, tuple[Fixture, ...]] | None = None,
        opaque: bool = False,
    ) -> None:
        """Hold an answer; without arguments the empty one."""
        self.initial = initial
        self.definitions: Mapping[str, tuple[Fixture, ...]] = definitions or {}
        self.active = active
        self.extra: Mapping[str, tuple[Fixture, ...]] = extra or {}
        self.opaque = opaque

    def __iter__(self) -> Iterator[Fixture]:
        """Yield the definitions that run."""
        return iter(self.active)

    def __len__(self) -> int:
        """Return how many definitions run."""
        return len(self.active)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Names of which no definition is known; those set by ``parametrize`` are among them."""
        return tuple(name for name, found in (*self.definitions.items(), *self.extra.items()) if not found)


class Layer(NamedTuple):
    """What is defined at one node of the collection tree: definitions by name, and the autouse names in order."""

    fixtures: Mapping[str, tuple[Fixture, ...]]
    autouse: tuple[str, ...]


EMPTY_LAYER = Layer({}, ())


def layer(fixtures: Iterable[tuple[str, Fixture]]) -> Layer:
    """Return the layer of *fixtures*, given with the attribute each is bound to; pytest goes through those in order."""
    ordered = [fixture for _, fixture in sorted(fixtures, key=lambda item: item[0])]
    if not ordered:
        return EMPTY_LAYER
    found: dict[str, tuple[Fixture, ...]] = {}
    for fixture in ordered:
        found[fixture.name] = (*found.get(fixture.name, ()), fixture)
    return Layer(found, tuple(fixture.name for fixture in ordered if fixture.autouse))


def walked(
    visible: Callable[[str], tuple[Fixture, ...]],
    names: tuple[str, ...],
    direct: frozenset[str],
    origin: Fixture | None,
    dynamic: bool,
) -> tuple[dict[str, tuple[Fixture, ...]], list[Fixture]]:
    """Follow *names* depth first; return what is visible under each name reached, and the definitions that run."""
    definitions: dict[str, tuple[Fixture, ...]] = {}
    active: dict[int, Fixture] = {}
    depth: dict[str, int] = {}  # how many of the most specific definitions of a name are waiting for the next one
    if origin is not None:
        own = reversed(visible(origin.name))
        depth[origin.name] = 1 + next((n for n, found in enumerate(own) if found.identity == origin.identity), 0)
    stack: list[tuple[str, Iterator[str], int]] = [("", iter(names), 0)]
    while stack:
        owner, pending, before = stack[-1]
        name = next(pending, None)
        if name is None:
            stack.pop()
            if owner:
                depth[owner] = before
            continue
        if name not in definitions:
            definitions[name] = () if name in direct else visible(name)
        found = definitions[name]
        skip = depth.get(name, 0)
        if skip >= len(found) or id(found[-1 - skip]) in active:
            continue
        fixture = found[-1 - skip]
        active[id(fixture)] = fixture
        depth[name] = skip + 1
        further = (*fixture.requests, *fixture.dynamic) if dynamic else fixture.requests
        stack.append((name, iter(further), skip))
    return definitions, list(active.values())
