"""A small shop: catalogue, prices, orders, mails."""
