"""Unpacks the source distributions that are pinned in tests/corpus into a folder: rules were judged by their tests.

usage: python bench/fetch_corpus.py FOLDER

pip downloads them, checks their hashes and installs nothing; each goes to FOLDER/NAME-VERSION. What is there already is
kept. Exit status 1 if one could not be had.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from corpus_projects import Pin, all_pins

# pip prepares the metadata of each, which takes longer than the download.
_AT_ONCE = 4
_SECONDS = 300


def fetch(pin: Pin, folder: Path) -> str:
    """Unpack the distribution *pin* into *folder*; return what to tell about it."""
    if (folder / pin.folder).is_dir():
        return f"kept {pin.folder}"
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetching-") as scratch:
        requirements = Path(scratch) / "requirements.txt"
        requirements.write_text(f"{pin.requirement}\n", encoding="utf-8")
        # Only this one from its source: what builds its metadata may be wheels.
        name = pin.requirement.partition("==")[0]
        options = ["-q", "--disable-pip-version-check", "--no-deps", "--no-binary", name, "--require-hashes"]
        command = [sys.executable, "-m", "pip", "download", *options, "-d", scratch, "-r", str(requirements)]
        subprocess.run(command, check=True, timeout=_SECONDS)
        (archive,) = Path(scratch).glob("*.tar.gz")
        unpacked = Path(scratch) / "unpacked"
        with tarfile.open(archive) as tar:
            # Older Pythons lack the filter; the hash says that nobody has changed the archive.
            tar.extractall(unpacked, filter="data") if hasattr(tarfile, "data_filter") else tar.extractall(unpacked)
        (project,) = unpacked.iterdir()
        project.rename(folder / pin.folder)
    return f"fetched {pin.folder}"


def main() -> int:
    """Run the command."""
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print(__doc__)
        return 2
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    failed = 0
    with ThreadPoolExecutor(_AT_ONCE) as executor:
        for pin, made in [(pin, executor.submit(fetch, pin, folder)) for pin in all_pins()]:
            try:
                print(made.result(), flush=True)
            except (subprocess.SubprocessError, OSError, ValueError, tarfile.TarError) as error:
                failed += 1
                print(f"could not fetch {pin.folder}: {error}", file=sys.stderr, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
