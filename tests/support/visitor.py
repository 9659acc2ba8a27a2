"""A browser without script: keeps cookies, sends the forms that pages show, with the tokens that they carry."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from io import BytesIO

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support.world import BASE_URL, World

SCANNER = "Mozilla/5.0 (compatible; Barracuda Link Scanner)"
HOST = "till.test"
NONE: Mapping[str, str] = {}
_CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


Field = str | list[str] | tuple[BytesIO, str]
"""A file with its name, too."""


@dataclass
class Visitor:
    world: World
    app: Flask | None = None
    """Another than the world's own, which is served at `base_url`."""
    base_url: str = BASE_URL
    client: FlaskClient = field(init=False)
    page: TestResponse = field(init=False)

    def __post_init__(self) -> None:
        self.client = (self.app or self.world.client.application).test_client()

    def opens(self, url: str, **headers: str) -> TestResponse:
        self.page = self.client.get(url.removeprefix(BASE_URL), base_url=self.base_url, headers=headers)
        return self.page

    def sends(self, url: str, headers: Mapping[str, str] = NONE, /, **fields: Field) -> TestResponse:
        """A form of the page in view."""
        token = _CSRF.search(self.page.text)
        form = {"csrf_token": token[1] if token else "", **fields}
        path = url.removeprefix(BASE_URL)
        self.page = self.client.post(path, base_url=self.base_url, data=form, headers=dict(headers))
        return self.page

    def follows(self) -> TestResponse:
        """To where the answer sent the browser."""
        assert self.page.status_code == 303, self.page.status_code
        return self.opens(self.page.location)

    def sees(self, *phrases: str) -> None:
        text = self.words
        for phrase in phrases:
            assert phrase in text, f"{phrase!r} not in {text!r}"

    @property
    def words(self) -> str:
        """What a reader reads."""
        body = re.sub(r"<(title|svg).*?</\1>", "", self.page.text, flags=re.DOTALL)
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())

    def value(self, name: str) -> str:
        """Of a field of the page in view."""
        found = re.search(rf'name="{name}"[^>]*?value="([^"]*)"', self.page.text, re.DOTALL)
        assert found, f"no field {name}"
        return unescape(found[1])

    def values(self, name: str) -> list[str]:
        return [unescape(value) for value in re.findall(rf'name="{name}"[^>]*?value="([^"]*)"', self.page.text)]

    def links(self) -> list[str]:
        return [unescape(href) for href in re.findall(r'<a [^>]*?href="([^"]+)"', self.page.text)]

    def cookie(self, name: str) -> str | None:
        found = self.client.get_cookie(f"till-{name}", domain=HOST)
        return found.value if found else None

    def steals_cookies(self, other: "Visitor") -> None:
        for name in ("portal", "browser", "form"):
            if value := other.cookie(name):
                self.client.set_cookie(f"till-{name}", value, domain=HOST)

    # --- what customers do -------------------------------------------------------------------------------------------
    def asks_for_code(self, slug: str, email: str) -> None:
        self.opens(f"/m/{slug}")
        self.sends(f"/m/{slug}", email=email)
        self.follows()
        self.world.settle_down()

    def enters_code(self, slug: str, code: str) -> TestResponse:
        return self.sends(f"/m/{slug}/code", code=code)

    def signs_in(self, slug: str, email: str) -> None:
        self.asks_for_code(slug, email)
        self.enters_code(slug, self.world.code_for(email))
        self.follows()

    def ticks(self, slug: str, *numbers: str) -> TestResponse:
        """Invoices by their number, as the page lists them."""
        rows = re.findall(
            r'name="invoice".*?value="(\w+)".*?class="number".*?</span>(.*?)</a>', self.page.text, re.DOTALL
        )
        ids = [value for value, number in rows if number in numbers]
        assert len(ids) == len(numbers), rows
        return self.sends(f"/m/{slug}/pay", invoice=ids)

    def presses_pay(self, url: str, headers: Mapping[str, str] = NONE, /, **changed: str) -> TestResponse:
        """On the pay page in view, by card, sending back what the page holds."""
        held = {name: self.value(name) for name in ("idempotency_key", "seen_amount", "seen_version")}
        return self.sends(url, headers, **{**held, "method": "card", **changed})

    def approves(self, **choice: str) -> TestResponse:
        """At the bank, where the browser was sent; goes back to the merchant."""
        at_bank = self.page.location
        self.follows()
        self.sends(at_bank, decision="approve", **(choice or {"card": "visa"}))
        return self.follows()
