from decimal import Decimal
from unittest.mock import patch

import pytest

from shop.notifications import Mailer
from shop.repository import Order

ORDER = Order(7, "ada@example.org", Decimal("24.70"))


@pytest.fixture
def smtp():
    with patch("shop.notifications.smtplib.SMTP") as smtp:
        yield smtp.return_value.__enter__.return_value


def test_mail_goes_to_the_customer(smtp):
    Mailer().confirm(ORDER)
    (message,) = smtp.send_message.call_args.args
    assert message["To"] == "ada@example.org"
    assert message["Subject"] == "Your order 7"


def test_host_can_be_chosen():
    server = patch("shop.notifications.smtplib.SMTP").start()
    Mailer("mail.shop.example").confirm(ORDER)
    server.assert_called_once_with("mail.shop.example")


def test_amount_is_in_the_text(smtp):
    Mailer().confirm(ORDER)
    (message,) = smtp.send_message.call_args.args
    assert "24.70" in message.get_content()
