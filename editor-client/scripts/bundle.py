"""Put the server and what it needs into bundled/libs.

libcst and pydantic-core have compiled parts, one file for each version of Python. The files of several versions have
different names, so they are laid side by side, and one folder serves whichever interpreter a workspace has.
Without `--target` it is for this machine; `--bare` makes a bundle without compiled parts, whose extension then offers
to install testlsp into the environment. What a package index does not have for a target is an error.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
LIBS = HERE / "bundled" / "libs"
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")

# From VS Code's names of platforms to those of wheels, the most common first.
TARGETS = {
    "linux-x64": ("manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_x86_64"),
    "linux-arm64": ("manylinux2014_aarch64", "manylinux_2_17_aarch64", "manylinux_2_28_aarch64"),
    "alpine-x64": ("musllinux_1_1_x86_64", "musllinux_1_2_x86_64"),
    "alpine-arm64": ("musllinux_1_1_aarch64", "musllinux_1_2_aarch64"),
    "darwin-x64": ("macosx_10_12_x86_64", "macosx_10_13_x86_64", "macosx_11_0_x86_64"),
    "darwin-arm64": ("macosx_11_0_arm64",),
    "win32-x64": ("win_amd64",),
    "win32-arm64": ("win_arm64",),
}
COMPILED = ("libcst", "pydantic_core")

# What the headers of programs say of the machine: ELF, Mach-O and PE have a number for each, at different places.
ELF = {62: "x64", 183: "arm64"}
MACH_O = {0x01000007: "x64", 0x0100000C: "arm64"}
PE = {0x8664: "x64", 0xAA64: "arm64"}

# pip reads the markers of requirements for the Python it runs on, whatever `--python-version` says.
BACKPORTS = {"3.10": ("tomli>=2", "exceptiongroup>=1.1.1")}
SUFFIXES = (".so", ".pyd")

# Of no use to a server that is started by path: scripts, tests, and what draws tables in a terminal or reads the
# configuration of libcst's own command.
LITTER = (
    *("bin", "Scripts", "share", "**/__pycache__", "libcst/**/tests", "libcst/codegen"),
    *("rich", "pygments", "markdown_it", "mdurl", "yaml", "_yaml"),
    *("rich-*", "[pP]ygments-*", "markdown_it_py-*", "mdurl-*", "[pP]y[yY][aA][mM][lL]-*"),
)


def here() -> str:
    """Return VS Code's name of the platform this runs on."""
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine().lower()]
    return f"{sys.platform}-{machine}"


def pip(*arguments: str) -> None:
    """Run pip, or fail with what it said."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", *arguments]
    subprocess.run(command, check=True)


def built(folder: Path) -> Path:
    """Build the wheel of this checkout in *folder*."""
    pip("wheel", "--no-deps", "--wheel-dir", str(folder), str(HERE.parent))
    return next(folder.glob("testlsp-*.whl"))


def fetch(wheel: Path, target: str, python: str, into: Path) -> None:
    """Install *wheel* with its dependencies for another interpreter, without running anything of them."""
    platforms = [word for name in TARGETS[target] for word in ("--platform", name)]
    version = ["--implementation", "cp", "--python-version", python]
    pip(
        "install",
        "--target",
        str(into),
        "--only-binary",
        ":all:",
        "--no-compile",
        *platforms,
        *version,
        str(wheel),
        *BACKPORTS.get(python, ()),
    )


def merge(source: Path, into: Path) -> None:
    """Lay *source* over *into*; files that are there already are the same or of another Python."""
    for file in (each for each in source.rglob("*") if each.is_file()):
        place = into / file.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists():
            shutil.copy2(file, place)


def platform_of(file: Path) -> str:
    """Return the target that a compiled part was built for, by its own header; "" if that says nothing."""
    head = file.read_bytes()[:1024]

    def number(start: int, size: int) -> int:
        return int.from_bytes(head[start : start + size], "little")

    if head.startswith(b"\x7fELF"):
        system = "alpine" if "musl" in file.name else "linux"
        return f"{system}-{ELF.get(number(18, 2), '')}"
    if head.startswith(b"\xcf\xfa\xed\xfe"):
        return f"darwin-{MACH_O.get(number(4, 4), '')}"
    if head.startswith(b"MZ"):
        return f"win32-{PE.get(number(number(60, 4) + 4, 2), '')}"
    return ""


def mistakes(libs: Path, target: str, pythons: list[str]) -> list[str]:
    """Return what is wrong with the compiled parts in *libs*: a Python without them, or a part for another platform."""
    found = []
    for name in COMPILED:
        files = [each for each in (libs / name).rglob("*") if each.suffix in SUFFIXES]
        found += [f"{each.name} is for {platform_of(each)}" for each in files if platform_of(each) != target]
        for python in pythons:
            tag = re.compile(rf"\.(cpython-|cp){python.replace('.', '')}-")
            if not any(tag.search(each.name) for each in files):
                found.append(f"{name} has no compiled part for Python {python}")
    return found


def tidy(libs: Path, *, bare: bool) -> None:
    """Remove what no server needs, and the compiled parts if *bare*."""
    for pattern in LITTER:
        for found in sorted(libs.glob(pattern)):
            shutil.rmtree(found)
    if bare:
        for name in COMPILED:
            for file in (each for each in (libs / name).rglob("*") if each.suffix in SUFFIXES):
                file.unlink()


def main() -> None:
    """Make bundled/libs anew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", choices=sorted(TARGETS), default=here())
    parser.add_argument("--python", action="append", choices=PYTHONS)
    parser.add_argument("--wheel", type=Path)
    parser.add_argument("--bare", action="store_true")
    parser.add_argument("--into", type=Path, default=LIBS)
    options = parser.parse_args()
    pythons = options.python or list(PYTHONS)

    with tempfile.TemporaryDirectory() as scratch:
        wheel = options.wheel or built(Path(scratch) / "wheel")
        collected = Path(scratch) / "libs"
        for python in pythons[:1] if options.bare else pythons:
            fetched = Path(scratch) / python
            fetch(wheel, options.target, python, fetched)
            merge(fetched, collected)
        tidy(collected, bare=options.bare)
        if not options.bare and (wrong := mistakes(collected, options.target, pythons)):
            sys.exit("\n".join(wrong))
        about = {"target": None if options.bare else options.target, "python": pythons, "wheel": wheel.name}
        (collected / "bundle.json").write_text(json.dumps(about, indent=2) + "\n", "utf-8")
        shutil.rmtree(options.into, ignore_errors=True)
        shutil.move(collected, options.into)
    size = sum(each.stat().st_size for each in options.into.rglob("*") if each.is_file())
    print(f"{options.into.name}: {wheel.name} for {about['target'] or 'any platform'}, {size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
