"""Mails to customers."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage

from shop.repository import Order
from shop.settings import get_settings


class Mailer:
    def __init__(self, host: str = "localhost") -> None:
        self.host = host

    def confirm(self, order: Order) -> None:
        message = EmailMessage()
        message["From"] = get_settings().sender
        message["To"] = order.customer
        message["Subject"] = f"Your order {order.id}"
        message.set_content(f"Thank you. You pay {order.total}.")
        with smtplib.SMTP(self.host) as server:
            server.send_message(message)
