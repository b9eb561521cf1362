"""The server as the VS Code extension starts it, with the settings that its package.json gives."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

EXTENSION = Path(__file__).parents[2] / "editor-client"
TOOL = EXTENSION / "bundled" / "tool"
LEAK = "import os\n\n\ndef test_currency():\n    os.environ['CURRENCY'] = 'USD'\n    assert os.sep == '/'\n"

# The client's own; the same list as CLIENT_ONLY in src/common/settings.ts, which a test there holds to what is sent.
CLIENT_ONLY = {"enable", "path", "interpreter", "importStrategy", "showNotifications", "trace.server"}


def declared() -> dict[str, dict[str, Any]]:
    """The settings that package.json declares, by key without the section's name."""
    parts = json.loads((EXTENSION / "package.json").read_text("utf-8"))["contributes"]["configuration"]
    return {key.removeprefix("testlsp."): value for part in parts for key, value in part["properties"].items()}


def sent_by_default() -> dict[str, Any]:
    """What the extension sends for a user who has set nothing."""
    kept = {key: value["default"] for key, value in declared().items() if key not in CLIENT_ONLY}
    return {
        re.sub("[A-Z]", lambda m: f"-{m[0].lower()}", key): value for key, value in kept.items() if value is not None
    }


class Client:
    """Just enough of a client: requests, notifications, and what the server said of its own accord."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.heard: list[dict[str, Any]] = []

    def send(self, method: str, params: object, number: int | None = None) -> None:
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        body = json.dumps(message if number is None else {**message, "id": number}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self.process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        length = 0
        while line := self.process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        message: dict[str, Any] = json.loads(self.process.stdout.read(length))
        self.heard.append(message)
        return message

    def until(self, method: str) -> dict[str, Any]:
        while (message := self.receive()).get("method") != method:
            pass
        params: dict[str, Any] = message["params"]
        return params

    def answer(self, number: int) -> Any:
        while (message := self.receive()).get("id") != number or "method" in message:
            pass
        return message["result"]


@contextmanager
def served(folder: Path, *arguments: str) -> Iterator[Client]:
    """Start the server in the extension's way, with its default settings; say goodbye at the end."""
    command = [sys.executable, "-I", str(TOOL / "start.py"), *arguments, "server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=EXTENSION) as process:
        client = Client(process)
        try:
            options = {"settings": sent_by_default()}
            params = {
                "processId": None,
                "rootUri": folder.as_uri(),
                "capabilities": {},
                "initializationOptions": options,
            }
            client.send("initialize", params, 1)
            client.answer(1)
            client.send("initialized", {})
            yield client
            client.send("shutdown", None, 2)
            client.answer(2)
            client.send("exit", None)
            assert process.wait(10) == 0
        finally:
            process.kill()


def findings(folder: Path, *arguments: str) -> list[str]:
    """The codes found in a file with one leak, by a server that had no complaint about its settings."""
    with served(folder, *arguments) as client:
        document = {"uri": (folder / "test_x.py").as_uri(), "languageId": "python", "version": 1, "text": LEAK}
        client.send("textDocument/didOpen", {"textDocument": document})
        found = client.until("textDocument/publishDiagnostics")["diagnostics"]
        complaints = [each for each in client.heard if each.get("method") == "window/logMessage"]
    assert complaints == []
    return [each["code"] for each in found]


def test_the_server_of_the_environment_takes_the_defaults(tmp_path: Path) -> None:
    """Defaults of package.json change nothing and are complained about by nobody."""
    assert findings(tmp_path) == ["TL101"]


def test_a_module_of_the_workspace_is_not_taken_for_one_of_ours(tmp_path: Path) -> None:
    """Neither PYTHONPATH nor the working folder reaches the server's imports."""
    (tmp_path / "testlsp").mkdir()
    (tmp_path / "testlsp" / "__init__.py").write_text("raise SystemExit('taken')")
    command = [sys.executable, "-I", str(TOOL / "start.py"), "--version"]
    said = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True)

    assert said.stdout.startswith("testlsp ")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled copy for this interpreter, made as the extension's package has it."""
    libs = tmp_path_factory.mktemp("bundle") / "libs"
    version = "{}.{}".format(*sys.version_info)
    command = [sys.executable, str(EXTENSION / "scripts" / "bundle.py"), "--python", version, "--into", str(libs)]
    subprocess.run(command, check=True, capture_output=True)
    return libs


@pytest.mark.slow
@pytest.mark.network
def test_the_bundled_server_takes_the_defaults(tmp_path: Path, bundle: Path) -> None:
    """The copy in the package runs with what is in the package alone."""
    assert findings(tmp_path, "--libs", str(bundle)) == ["TL101"]


@pytest.mark.slow
@pytest.mark.network
def test_the_bundle_fits_this_interpreter(bundle: Path) -> None:
    """The probe sees that the compiled parts are there, and that they are missing when they are."""
    probe = [sys.executable, "-I", str(TOOL / "probe.py")]
    fits = json.loads(subprocess.run([*probe, str(bundle)], capture_output=True, check=True).stdout)
    empty = json.loads(subprocess.run([*probe, str(bundle.parent)], capture_output=True, check=True).stdout)

    assert fits["bundleProblem"] == ""
    assert fits["version"] == list(sys.version_info[:3])
    assert "no bundled copy" in empty["bundleProblem"]


def test_package_json_is_in_step_with_the_server() -> None:
    """The settings that the editor shows are those that the server has."""
    subprocess.run([sys.executable, str(EXTENSION / "scripts" / "settings.py"), "--check"], check=True)


def test_the_example_of_the_walkthrough_shows_a_finding_in_each_test(tmp_path: Path) -> None:
    """What a new user opens first has something to show, wherever it lies."""
    example = shutil.copy(EXTENSION / "walkthrough" / "test_example.py", tmp_path)
    command = [sys.executable, "-m", "testlsp", "check", "--no-cache", "--output-format", "json", str(example)]
    found = json.loads(subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).stdout)
    tests = Path(example).read_text("utf-8").count("def test_")

    assert [each["code"] for each in found] == ["TL101", "TL301", "TL202"]
    assert tests == 3
