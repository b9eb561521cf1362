"""Print, as JSON, what an interpreter offers: its version, its own testlsp, and whether it can run the bundled one.

Run as ``python -I probe.py LIBS``: isolated, so that nothing of the working folder is imported, and importing nothing
but the standard library. It must be understood by any Python 3.
"""

import json
import os
import sys


def own_version():
    """Return the version of the testlsp installed in this interpreter, None if there is none."""
    try:
        from importlib import metadata
    except ImportError:  # before 3.8, which is too old for testlsp anyway
        return None
    try:
        return metadata.version("testlsp")
    except metadata.PackageNotFoundError:
        return None


def bundle_problem(libs):
    """Say why the bundled copy in folder *libs* cannot run here, "" if it can."""
    from importlib.machinery import EXTENSION_SUFFIXES

    if not os.path.isdir(os.path.join(libs, "testlsp")):
        return "this build of the extension has no bundled copy"
    for package, module in (("libcst", "native"), ("pydantic_core", "_pydantic_core")):
        folder = os.path.join(libs, package)
        if not any(os.path.exists(os.path.join(folder, module + suffix)) for suffix in EXTENSION_SUFFIXES):
            return "the bundled {} was not built for Python {}.{} on this platform".format(
                package, *sys.version_info[:2]
            )
    return ""


if __name__ == "__main__":
    json.dump(
        {
            "version": list(sys.version_info[:3]),
            "testlsp": own_version(),
            "bundleProblem": bundle_problem(sys.argv[1]),
        },
        sys.stdout,
    )
