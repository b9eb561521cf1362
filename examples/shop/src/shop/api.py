"""The shop over HTTP."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from shop import pricing
from shop.notifications import Mailer
from shop.orders import OrderService, OutOfStock
from shop.repository import Repository
from shop.settings import get_settings
from shop.web import App, Depends, HTTPError, Request

app = App()
app.state.maintenance = False


@lru_cache(maxsize=1)
def get_repository() -> Repository:
    return Repository(get_settings().database)


def get_mailer() -> Mailer:
    return Mailer()


@app.route("GET", "/health")
def health(request: Request) -> dict[str, Any]:
    if app.state.maintenance:
        raise HTTPError(503, "back soon")
    return {"status": "ok", "environment": get_settings().environment}


@app.route("GET", "/products")
def list_products(request: Request, repository: Repository = Depends(get_repository)) -> list[dict[str, Any]]:
    return [{"sku": p.sku, "price": pricing.price_tag(p.price), "stock": p.stock} for p in repository.products()]


@app.route("GET", "/products/{sku}")
def show_product(request: Request, sku: str, repository: Repository = Depends(get_repository)) -> dict[str, Any]:
    product = repository.product(sku)
    if product is None:
        raise HTTPError(404, f"no product {sku!r}")
    return {"sku": product.sku, "price": pricing.price_tag(product.price), "stock": product.stock}


@app.route("POST", "/orders", status_code=201)
def create_order(
    request: Request,
    repository: Repository = Depends(get_repository),
    mailer: Mailer = Depends(get_mailer),
) -> dict[str, Any]:
    body = request.body
    if "@" not in str(body.get("customer", "")):
        raise HTTPError(422, "a mail address is needed")
    try:
        order = OrderService(repository, mailer).place(body["customer"], body.get("lines", {}), body.get("voucher"))
    except OutOfStock as error:
        raise HTTPError(409, str(error)) from error
    except (ValueError, LookupError) as error:
        raise HTTPError(400, str(error)) from error
    return {"id": order.id, "total": str(order.total)}


@app.route("DELETE", "/orders/{id}", status_code=204)
def cancel_order(request: Request, id: str, repository: Repository = Depends(get_repository)) -> None:
    if not repository.cancel(int(id)):
        raise HTTPError(404, f"no open order {id}")
