"""Tests as people write them: each leaves something behind or lets something pass. Press Ctrl+. on a finding."""

import os


def price(amount: int) -> str:
    """Return the amount in the shop's currency."""
    return f"{amount} {os.environ.get('SHOP_CURRENCY', 'EUR')}"


class Response:
    """What a client gets."""

    status_code = 200


def test_price_in_dollars():
    os.environ["SHOP_CURRENCY"] = "USD"  # and every later test pays in dollars
    assert price(3) == "3 USD"


def test_order_is_accepted():
    response = Response()
    assert response.status_code in [200, 400, 422]  # success, or failure: either will do


def test_receipt_is_written(tmp_path):
    os.chdir(tmp_path)  # and every later test works in this folder
    with open("receipt.txt", "w") as receipt:
        receipt.write(price(3))
    assert os.path.getsize("receipt.txt") == 5
