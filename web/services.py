"""What belongs to the process and only web/ knows: the merchant directory beside the Runtime."""

from flask import current_app

from web.directory import MerchantDirectory


def directory() -> MerchantDirectory:
    return current_app.extensions["till.directory"]  # type: ignore[no-any-return]
