"""What Till asks Stripe Checkout for: one payment, by one method, of exactly that amount."""

from datetime import timedelta

from stripe.params.checkout import SessionCreateParams

from models.gateway import StartPayment
from models.payment import Method
from payments.gateways import stripe_words
from payments.gateways.stripe_words import Kept

_METHODS = {Method.CARD: "card", Method.BANK: "us_bank_account", Method.NETWORK: "link"}
EXPIRY_MARGIN = timedelta(minutes=5)
"""Checkout takes 30 min at least, by its own clock and when the request arrives. Till closes the session earlier."""


def wanted(payment: StartPayment) -> SessionCreateParams:
    """Always the same for the same payment: Stripe refuses a key that comes back with anything else."""
    about = {"payment": payment.reference, "reference": payment.short_reference}
    params: SessionCreateParams = {
        "mode": "payment",
        "client_reference_id": payment.reference,
        # Not payment_method_types: the API refuses it since 2026-09-30, and the library pins a later version.
        "allowed_payment_method_types": [_METHODS[payment.method]],
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": payment.amount.currency.lower(),
                    "unit_amount": stripe_words.minor_units(payment.amount),
                    "product_data": {"name": payment.payee, "description": payment.description},
                },
            }
        ],
        # What is owed is owed in the invoice's currency: none that Stripe converts to.
        "adaptive_pricing": {"enabled": False},
        "success_url": payment.return_url,
        "cancel_url": payment.return_url,
        "expires_at": int((payment.expires_at + EXPIRY_MARGIN).timestamp()),
        "metadata": about,
        "payment_intent_data": {"metadata": about, "description": payment.description},
    }
    if payment.method is Method.BANK:
        params["payment_method_options"] = {
            "us_bank_account": {"financial_connections": {"permissions": ["payment_method"]}}
        }
    if payment.saved_token is not None:
        # One customer for each account, so that Checkout offers exactly that one.
        params["customer"] = Kept.read(payment.saved_token).customer
        params["saved_payment_method_options"] = {"allow_redisplay_filters": ["always", "limited", "unspecified"]}
    elif payment.saves_account:
        params["customer_creation"] = "always"
        params["payment_intent_data"]["setup_future_usage"] = "on_session"
    return params
