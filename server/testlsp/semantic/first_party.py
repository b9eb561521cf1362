"""Which dotted names are the project's own.

Nothing is imported and no folder is listed, so only names tell: the folders around a file, and what the file and its
conftests import most that is neither the standard library nor a package that many tests use. Unknown is "not ours".
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from testlsp.semantic.functions import Function
    from testlsp.semantic.graph import FixtureGraph
    from testlsp.semantic.model import SemanticModel

FOREIGN = frozenset(
    "pytest _pytest pytest_asyncio pytest_mock unittest mock hypothesis freezegun time_machine requests httpx aiohttp "
    "respx responses fakeredis redis sqlalchemy sqlmodel alembic django rest_framework flask fastapi starlette "
    "pydantic numpy pandas boto3 botocore moto celery kombu testcontainers docker psycopg psycopg2 asyncpg pymongo "
    "motor click typer rich yaml jwt faker factory polyfactory werkzeug anyio trio asgi_lifespan playwright selenium "
    "grpc dirty_equals inline_snapshot syrupy attr attrs".split()
)
"""Packages that tests import a lot and that are nobody's own code."""

_SERVICES = frozenset(
    "stripe openai anthropic twilio sendgrid slack_sdk slack google azure aiobotocore aioboto3 paypalrestsdk braintree "
    "sentry_sdk datadog newrelic elasticsearch opensearchpy kafka confluent_kafka aiokafka pika aio_pika nats paho "
    "gunicorn uvicorn urllib3 websockets websocket paramiko ldap3 github gitlab jira kubernetes consul hvac "
    "ldap neo4j cassandra "
    "minio snowflake pymysql MySQLdb mysql pyodbc oracledb clickhouse_driver tortoise peewee databases langchain "
    "cryptography nbformat traitlets tornado twisted zope lxml pandas scipy torch tensorflow sklearn networkx "
    "packaging "
    "tenacity structlog loguru opentelemetry prometheus_client aioredis valkey huey rq dramatiq apscheduler arq "
    "mongoengine beanie odmantic jinja2 markdown bs4 PIL dateutil pytz pendulum arrow zeep suds".split()
)
_TESTING = frozenset({"tests", "test", "testing", "conftest", "builtins"})


def is_library(name: str) -> bool:
    """Whether *name*, the first part of a dotted name or any other, is a module that surely is not the project's."""
    return name in FOREIGN or name in _SERVICES or name in sys.stdlib_module_names


def is_first_party(
    target: str, function: Function, model: SemanticModel, root: str = "", graph: FixtureGraph | None = None
) -> bool:
    """Whether *target*, a dotted name used in *function*, surely belongs to the code that the project tests.

    *root* is the folder of the project. Without *graph* the imports of conftests are not asked.
    """
    top = target.partition(".")[0]
    if not top:
        return True
    if top in _TESTING or is_library(top):
        return False
    imported = _imported(function, model, graph)
    folders = _folders(model.source.path, root)
    own = folders.intersection(imported)
    if top in folders or own:
        return top in folders
    # No folder is called like a package that is imported (it may lie in ``src``): tests import most what they test.
    return top in imported and imported[top] == max(imported.values())


def _folders(path: str, root: str) -> set[str]:
    """Return the names of the folders around *path*, as packages would be called: ``web-shop-1.2`` is ``web_shop``."""
    below = path[len(root) :] if root and path.startswith(root) else path
    names = [*below.split("/")[:-1], root.rpartition("/")[2]]
    return {re.sub(r"[-_]v?\d[\d.]*$", "", name).replace("-", "_").lower() for name in names} - {""}


def _imported(function: Function, model: SemanticModel, graph: FixtureGraph | None) -> Counter[str]:
    """Return the packages that *function*, its module and its conftests import from, with counts; no libraries."""
    targets: list[str] = []
    scope: Function | None = function
    while scope is not None:
        targets += [binding.target or "" for binding in scope.locals.values() if binding.kind == "import"]
        scope = scope.parent
    targets += [found.target or "" for found in model.names.table.values() if found.kind == "import"]
    if graph is not None:
        for conftest in graph.conftest_chain(model.source.path):
            targets += [target for _, target in graph.summaries[conftest].imports]
    tops = Counter(target.partition(".")[0] for target in targets)
    return Counter({top: times for top, times in tops.items() if top and top not in _TESTING and not is_library(top)})
