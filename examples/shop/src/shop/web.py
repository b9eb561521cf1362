"""Just enough of a web framework: routes, dependencies that can be overridden, a client for tests."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any


class HTTPError(Exception):
    def __init__(self, status_code: int, detail: str) -> None:
        super().__init__(f"{status_code}: {detail}")
        self.status_code = status_code
        self.detail = detail


@dataclass(frozen=True)
class Depends:
    provider: Callable[[], Any]


@dataclass
class Request:
    method: str
    path: str
    body: dict[str, Any] = field(default_factory=dict)


@dataclass
class Response:
    status_code: int
    body: Any = None

    def json(self) -> Any:
        return self.body


class App:
    def __init__(self) -> None:
        self.routes: dict[tuple[str, str], tuple[Callable[..., Any], int]] = {}
        self.dependency_overrides: dict[Callable[[], Any], Callable[[], Any]] = {}
        self.state = SimpleNamespace()

    def route(self, method: str, path: str, status_code: int = 200) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        def register(handler: Callable[..., Any]) -> Callable[..., Any]:
            self.routes[method, path] = (handler, status_code)
            return handler

        return register

    def handle(self, request: Request) -> Response:
        for (method, pattern), (handler, status_code) in self.routes.items():
            values = match(pattern, request.path)
            if method == request.method and values is not None:
                try:
                    return Response(status_code, handler(request, **values, **self.dependencies(handler)))
                except HTTPError as error:
                    return Response(error.status_code, {"detail": error.detail})
        return Response(404, {"detail": "no such page"})

    def dependencies(self, handler: Callable[..., Any]) -> dict[str, Any]:
        found = {}
        for name, parameter in inspect.signature(handler).parameters.items():
            if isinstance(parameter.default, Depends):
                provider = parameter.default.provider
                found[name] = self.dependency_overrides.get(provider, provider)()
        return found


def match(pattern: str, path: str) -> dict[str, str] | None:
    """Values of the `{name}` parts of `pattern`, None if `path` does not fit."""
    wanted, given = pattern.split("/"), path.split("/")
    if len(wanted) != len(given):
        return None
    values = {}
    for want, part in zip(wanted, given):
        if want.startswith("{"):
            values[want[1:-1]] = part
        elif want != part:
            return None
    return values


class Client:
    """Calls an app without a network."""

    def __init__(self, app: App) -> None:
        self.app = app

    def get(self, path: str) -> Response:
        return self.app.handle(Request("GET", path))

    def post(self, path: str, json: dict[str, Any] | None = None) -> Response:
        return self.app.handle(Request("POST", path, json or {}))

    def delete(self, path: str) -> Response:
        return self.app.handle(Request("DELETE", path))
