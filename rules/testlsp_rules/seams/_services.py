"""Services that a test starts or connects to itself, as far as its file shows."""

from __future__ import annotations

import ast

from testlsp.lint import Context
from testlsp.semantic.functions import Function, FunctionKind

_CONNECTS = frozenset(
    "docker.from_env docker.DockerClient psycopg.connect psycopg2.connect psycopg.AsyncConnection.connect "
    "asyncpg.connect asyncpg.create_pool pymysql.connect MySQLdb.connect mysql.connector.connect oracledb.connect "
    "pyodbc.connect pika.BlockingConnection aio_pika.connect_robust".split()
)

LIBRARIES = tuple(sorted({name.partition(".")[0] for name in _CONNECTS} | {"testcontainers"}))
"""What a file mentions that connects to a service."""

_LAST = frozenset(name.rpartition(".")[2] for name in _CONNECTS)


def service_used(ctx: Context, function: Function, depth: int = 3) -> str | None:
    """Return what connects to a service in *function*, or in the fixtures of this file that it requests."""
    for call in function.bag.get(ast.Call, ()):
        assert isinstance(call, ast.Call)
        func = call.func
        if isinstance(func, ast.Attribute) and func.attr not in _LAST and not func.attr.endswith("Container"):
            continue
        name = ctx.model.qualified_name(func, function)
        if name is not None and (
            name in _CONNECTS or (name.startswith("testcontainers.") and name.endswith("Container"))
        ):
            return name
    for requested in function.params if depth else ():
        fixture = ctx.model.function_named(requested, function.chain) or ctx.model.function_named(requested)
        if fixture is not None and fixture.kind is FunctionKind.FIXTURE and fixture is not function:
            found = service_used(ctx, fixture, depth - 1)
            if found is not None:
                return found
    return None
