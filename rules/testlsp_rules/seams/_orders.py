"""The integration test with all sections, which examples of several rules arrive at."""

from __future__ import annotations

ORDER_IS_STORED = '''
def test_order_is_stored(client, repository):
    """An order placed over HTTP is in the database 😀.

    Integration Scope:
        HTTP interface, OrderService, Repository

    Seam Under Test:
        POST /orders

    Business Impact:
        Without it customers pay for orders that nobody packs.

    Test Strategy:
        - Order two mugs over HTTP

    Success Criteria:
        - response.status_code == 201
    """
    response = client.post("/orders", json={"mug": 2})
    assert response.status_code == 201
'''
