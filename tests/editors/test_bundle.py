"""What `npm run bundle` puts together for this platform and for others."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

EXTENSION = Path(__file__).parents[2] / "editor-client"
SCRIPT = EXTENSION / "scripts" / "bundle.py"
VERSION = "{}.{}".format(*sys.version_info)


def load() -> ModuleType:
    """The script as a module."""
    found = importlib.util.spec_from_file_location("bundle", SCRIPT)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


bundle = load()
ELF_X64 = b"\x7fELF" + bytes(14) + b"\x3e\x00"
MACH_O_ARM64 = b"\xcf\xfa\xed\xfe\x0c\x00\x00\x01"
PE_X64 = b"MZ" + bytes(58) + b"\x40\x00\x00\x00" + b"PE\x00\x00\x64\x86"


def write(file: Path, content: bytes) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


@pytest.mark.parametrize(
    ("name", "content", "target"),
    [
        ("native.cpython-311-x86_64-linux-gnu.so", ELF_X64, "linux-x64"),
        ("native.cpython-311-x86_64-linux-musl.so", ELF_X64, "alpine-x64"),
        ("native.cpython-311-darwin.so", MACH_O_ARM64, "darwin-arm64"),
        ("native.cp311-win_amd64.pyd", PE_X64, "win32-x64"),
        ("native.so", b"#!/bin/sh", ""),
    ],
)
def test_the_header_of_a_compiled_part_says_its_platform(
    tmp_path: Path, name: str, content: bytes, target: str
) -> None:
    """The platform is what the file says, not what a wheel was called."""
    assert bundle.platform_of(write(tmp_path / name, content)) == target


def complete(libs: Path, content: bytes) -> None:
    """A bundle for Python 3.11."""
    for name in ("libcst/native", "pydantic_core/_pydantic_core"):
        write(libs / f"{name}.cpython-311-x86_64-linux-gnu.so", content)


def test_a_complete_bundle_has_no_mistakes(tmp_path: Path) -> None:
    """Each of the two compiled libraries is there for each Python."""
    complete(tmp_path, ELF_X64)
    assert bundle.mistakes(tmp_path, "linux-x64", ["3.11"]) == []


@pytest.mark.parametrize(
    ("target", "pythons", "expected"),
    [
        ("linux-x64", ["3.11", "3.12"], "libcst has no compiled part for Python 3.12"),
        ("linux-x64", ["3.1"], "libcst has no compiled part for Python 3.1"),
        ("darwin-arm64", ["3.11"], "native.cpython-311-x86_64-linux-gnu.so is for linux-x64"),
    ],
)
def test_an_incomplete_bundle_is_refused(tmp_path: Path, target: str, pythons: list[str], expected: str) -> None:
    """A missing Python and a foreign part are told by name."""
    complete(tmp_path, ELF_X64)
    assert expected in bundle.mistakes(tmp_path, target, pythons)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Make the bundle for a target, for the version of Python that runs this."""
    folder = tmp_path_factory.mktemp("bundles")
    wheel = bundle.built(folder / "wheel")

    def make(target: str) -> Path:
        libs = folder / target
        options = ["--target", target, "--python", VERSION, "--wheel", str(wheel), "--into", str(libs)]
        subprocess.run([sys.executable, str(SCRIPT), *options], check=True, capture_output=True)
        return libs

    return make


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.parametrize("target", ["linux-x64", "darwin-arm64", "win32-x64"])
def test_a_bundle_holds_the_parts_of_its_platform(target: str, made: Callable[[str], Path]) -> None:
    """A bundle for another platform has that platform's parts; an interpreter of this one says they do not fit."""
    libs = made(target)
    probe = [sys.executable, "-I", str(EXTENSION / "bundled" / "tool" / "probe.py"), str(libs)]
    said = json.loads(subprocess.run(probe, capture_output=True, check=True).stdout)["bundleProblem"]

    assert json.loads((libs / "bundle.json").read_text("utf-8"))["target"] == target
    assert (libs / "testlsp_rules").is_dir()
    assert bundle.mistakes(libs, target, [VERSION]) == []
    assert said == (
        "" if target == bundle.here() else f"the bundled libcst was not built for Python {VERSION} on this platform"
    )
