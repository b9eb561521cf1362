"""Products and orders in SQLite."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from decimal import Decimal

SCHEMA = """
create table if not exists product (sku text primary key, price text not null, stock integer not null);
create table if not exists orders (id integer primary key, customer text not null, total text not null, state text not null);
"""


@dataclass(frozen=True)
class Product:
    sku: str
    price: Decimal
    stock: int


@dataclass(frozen=True)
class Order:
    id: int
    customer: str
    total: Decimal
    state: str = "open"


class Repository:
    def __init__(self, path: str) -> None:
        self.connection = sqlite3.connect(path)
        self.connection.executescript(SCHEMA)

    def close(self) -> None:
        self.connection.close()

    def add_product(self, product: Product) -> None:
        row = (product.sku, str(product.price), product.stock)
        self.connection.execute("insert or replace into product values (?, ?, ?)", row)

    def product(self, sku: str) -> Product | None:
        row = self.connection.execute("select sku, price, stock from product where sku = ?", (sku,)).fetchone()
        return Product(row[0], Decimal(row[1]), row[2]) if row else None

    def products(self) -> list[Product]:
        rows = self.connection.execute("select sku, price, stock from product order by sku")
        return [Product(sku, Decimal(price), stock) for sku, price, stock in rows]

    def take(self, sku: str, count: int) -> bool:
        """Lower the stock; False if there is too little of it."""
        change = self.connection.execute(
            "update product set stock = stock - ? where sku = ? and stock >= ?", (count, sku, count)
        )
        return change.rowcount == 1

    def add_order(self, customer: str, total: Decimal) -> Order:
        cursor = self.connection.execute(
            "insert into orders (customer, total, state) values (?, ?, 'open')", (customer, str(total))
        )
        assert cursor.lastrowid is not None
        return Order(cursor.lastrowid, customer, total)

    def order(self, id: int) -> Order | None:
        row = self.connection.execute("select id, customer, total, state from orders where id = ?", (id,)).fetchone()
        return Order(row[0], row[1], Decimal(row[2]), row[3]) if row else None

    def cancel(self, id: int) -> bool:
        change = self.connection.execute("update orders set state = 'cancelled' where id = ? and state = 'open'", (id,))
        return change.rowcount == 1
