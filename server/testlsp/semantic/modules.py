"""Where the source of a module can be, said without looking at the disk.

pytest puts the directory that holds the topmost package of a test file on ``sys.path`` (``prepend`` import mode), or
its root directory is there already because tests are run as ``python -m pytest``; further entries come from the
``pythonpath`` setting: https://docs.pytest.org/en/stable/explanation/pythonpath.html
"""

from __future__ import annotations

from collections.abc import Sequence

from testlsp.text.named import NamedTuple


class Root(NamedTuple):
    """A pytest root directory and the settings that decide what is seen below it.

    Paths are absolute or all relative to one place, with forward slashes and no slash at their end. *confcutdir* is
    where the chain of conftests ends (the root itself when None). *pythonpath* are directories that hold modules,
    *site* those of installed packages. *usefixtures* is the setting of that name. *plugins* are modules of installed
    plugins, in the order of registration; *missing* those of plugins that the project requires and that are not
    installed.
    """

    path: str
    confcutdir: str | None = None
    pythonpath: tuple[str, ...] = ()
    usefixtures: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()
    site: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def root_of(path: str, roots: Sequence[Root]) -> Root | None:
    """Return the first of *roots* that holds *path*; for installed files the one that can import them."""
    for root in roots:
        if is_below(path, root.path):
            return root
    for root in roots:
        if any(is_below(path, site) for site in root.site):
            return root
    return None


def parent(path: str) -> str:
    """Return the directory that holds *path*; an empty string for the top of a relative path."""
    head, slash, _ = path.rpartition("/")
    return head or ("/" if slash and path != "/" else "")


def join(directory: str, name: str) -> str:
    """Return the path of *name* in *directory*."""
    if not directory:
        return name
    return directory + name if directory.endswith("/") else f"{directory}/{name}"


def is_below(path: str, directory: str) -> bool:
    """Whether *path* is *directory* or lies in it."""
    return (
        not directory or path == directory or path.startswith(directory if directory.endswith("/") else directory + "/")
    )


def directories(path: str, top: str) -> list[str]:
    """Return the directories from *top* to the one that holds *path*, outermost first; none when it lies elsewhere."""
    if not is_below(path, top):
        return []
    found = []
    current = parent(path)
    while is_below(current, top):
        found.append(current)
        if current in {top, "", "/"}:
            break
        current = parent(current)
    return found[::-1]


def installed_in(path: str, root: Root | None) -> str | None:
    """Return the directory of installed packages that holds *path*; None for the project's own files.

    The project itself is often installed too, in editable form, which makes its directory one that holds packages.
    """
    if root is None:
        return None
    for site in root.site:
        if is_below(path, site):
            own = is_below(root.path, site) or (is_below(site, root.path) and not site.endswith("-packages"))
            if not own:
                return site
    return None


def bases(path: str, root: Root | None) -> list[str]:
    """Return the directories in which a file at *path* may find modules of its own tree, most likely first.

    For a file of an installed package that is only the directory of installed packages it lies in.
    """
    if root is None:
        return [*directories(path, "")[::-1]] if not path.startswith("/") else [*directories(path, "/")[::-1]]
    site = installed_in(path, root)
    if site is not None:
        return [site]
    found = directories(path, root.path)[::-1]
    return list(dict.fromkeys([*root.pythonpath, *found, join(root.path, "src")]))


def candidates(path: str, dotted: str, root: Root | None, installed: bool = False) -> list[str]:
    """Return the files that the module *dotted*, named in the file *path*, may be, most likely first.

    A relative name starts with dots. *installed* adds the directories of installed packages.
    """
    if dotted.startswith("."):
        name = dotted.lstrip(".")
        directory = parent(path)
        for _ in range(len(dotted) - len(name) - 1):
            directory = parent(directory)
        places = [directory]
    else:
        name = dotted
        places = bases(path, root)
        if installed and root is not None:
            places += [site for site in root.site if site not in places]
    found = []
    for place in places:
        stem = join(place, name.replace(".", "/")) if name else place
        if name:
            found.append(stem + ".py")
        found.append(join(stem, "__init__.py"))
    return found
