import sys
from decimal import Decimal
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


def test_reads_the_supplier_format():
    sys.path.insert(0, str(SCRIPTS))
    import import_prices

    products = import_prices.parse("# sku;price;stock\nmug; 9.90; 40\n")
    assert [(p.sku, p.price, p.stock) for p in products] == [("mug", Decimal("9.90"), 40)]


@pytest.fixture
def import_prices(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import import_prices

    return import_prices


@pytest.mark.parametrize("line", ["mug;9.90", "mug;cheap;4", "mug;9.90;some"])
def test_bad_line_is_named(import_prices, line):
    with pytest.raises(ValueError, match="line 2"):
        import_prices.parse(f"# prices of May\n{line}\n")
