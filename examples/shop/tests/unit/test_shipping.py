import sys
from decimal import Decimal
from types import SimpleNamespace

from shop.repository import Order
from shop.shipping import label

ORDER = Order(42, "ada@example.org", Decimal("24.70"))


def test_without_the_carrier_library():
    assert label(ORDER) == "PICKUP-000042"


def test_carrier_prints_the_label():
    sys.modules["carrier_sdk"] = SimpleNamespace(print_label=lambda number: f"DHL {number}")
    assert label(ORDER) == "DHL 42"
