import gzip
import re
from dataclasses import replace
from enum import StrEnum
from typing import Any, cast

import pytest
from jinja2 import Environment, UndefinedError
from markupsafe import Markup

from payments.gateways.pretend import Outcome
from tests.support.preview_bank import ACCOUNTS
from tests.support.preview_pages import SAMPLES, frame
from tests.support.preview_papers import STEPS
from web import outcome_pages as outcome
from web.branding import stylesheet
from web.checkout_pages import PayPage
from web.pages import CodePage, Page, Problem
from web.paper_pages import Account, AmountStep, Standing, Step
from web.templating import STATIC_FOLDER, build_environment, render

WEIGHT_LIMIT = 10_000
ASKING = {Problem.AMOUNT_TOO_HIGH: "pay_refused", Problem.AMOUNT_TOO_LOW: "pay_refused"}
"""Problems whose words name an amount of the page."""
EVERY_SAMPLE = pytest.mark.parametrize("name", SAMPLES)


@pytest.fixture(scope="module")
def env() -> Environment:
    env = build_environment()
    env.globals["csrf_field"] = lambda: Markup('<input type="hidden" name="csrf_token" value="x">')
    return env


def sample(name: str, language: str = "en") -> Page:
    return SAMPLES[name](frame(language))


def heading(html: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", html, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", "", found[1]).split()) if found else ""


@EVERY_SAMPLE
def test_it_speaks_spanish_on_every_page(env: Environment, name: str) -> None:
    pages = [render(env, sample(name, language)) for language in ("en", "es")]
    assert heading(pages[0]) != heading(pages[1]) or name in (
        "bank_accounts",
        "bank_numbers",
    )  # headed by the bank's name


@EVERY_SAMPLE
def test_it_needs_no_inline_style_or_script(env: Environment, name: str) -> None:
    html = render(env, sample(name))
    assert not re.findall(r"""\sstyle=|<style|<script(?![^>]*\ssrc=)|\son\w+=|javascript:""", html)


@EVERY_SAMPLE
def test_it_loads_nothing_from_elsewhere(env: Environment, name: str) -> None:
    html = render(env, sample(name))
    assert not re.findall(r"""(?:src|href|action)="(?:https?:)?//""", html)


@EVERY_SAMPLE
def test_it_puts_a_csrf_token_in_every_form(env: Environment, name: str) -> None:
    forms = re.findall(r"<form.*?</form>", render(env, sample(name)), re.DOTALL)
    assert all("csrf_token" in form and 'method="post"' in form for form in forms)


@EVERY_SAMPLE
def test_it_keeps_every_page_out_of_search_engines(env: Environment, name: str) -> None:
    assert '<meta name="robots" content="noindex, nofollow">' in render(env, sample(name))


def test_it_escapes_every_name(env: Environment) -> None:
    page = sample("receipt")
    assert isinstance(page, outcome.ReceiptPage)
    assert page.frame.brand
    brand = replace(page.frame.brand, name="<img src=x>", legal_name="{{7*7}}", email='"><script>', phone="<b>")
    html = render(env, replace(page, frame=replace(page.frame, brand=brand), payer="</style><i>"))
    assert not re.findall(r"<img|<script>|<i>|</style>|<b>|49", html)


def test_it_keeps_the_pay_page_under_ten_kilobytes(env: Environment) -> None:
    files = [(STATIC_FOLDER / name).read_bytes() for name in ("app.css", "app.js", "icon.svg")]
    parts = [render(env, sample("pay")).encode(), stylesheet("#0b6e66").encode(), *files]
    assert sum(len(gzip.compress(part)) for part in parts) <= WEIGHT_LIMIT


def test_it_says_error_first_in_the_title(env: Environment) -> None:
    assert "<title>Error: Check your email - Acme &amp; Sons</title>" in render(env, sample("code_wrong"))


def test_it_says_the_problem_alike_in_the_summary_and_at_the_field(env: Environment) -> None:
    assert render(env, sample("code_wrong")).count("That code is not right. You have 4 tries left") == 2


@pytest.mark.parametrize(("name", "tag"), [("code_wrong", "input"), ("pay_changed", "fieldset")])
def test_it_ties_the_problem_to_its_field(env: Environment, name: str, tag: str) -> None:
    described = rf'<{tag}\s[^>]*aria-invalid="true" aria-describedby="field-problem"'
    assert re.search(described, render(env, sample(name)))


def test_it_keeps_what_was_typed(env: Environment) -> None:
    assert 'value="417 203"' in render(env, sample("code_wrong"))


def test_it_asks_for_the_code_as_phones_expect(env: Environment) -> None:
    field = re.search(r'<input class="field code".*?>', render(env, sample("code")), re.DOTALL)
    assert field
    assert 'type="text"' in field[0]
    assert 'inputmode="numeric"' in field[0]
    assert 'autocomplete="one-time-code"' in field[0]
    assert "maxlength" not in field[0]


def test_it_never_shows_an_address_behind_a_reminder_link(env: Environment) -> None:
    page = sample("code")
    assert isinstance(page, CodePage)
    assert "alice@example.com" not in render(env, replace(page, email=None))


def test_it_names_no_address_on_a_receipt(env: Environment) -> None:
    assert "alice@" not in render(env, sample("receipt"))


def test_it_posts_the_idempotency_key_and_the_amount_seen(env: Environment) -> None:
    html = render(env, sample("pay"))
    assert 'name="idempotency_key" value="0f7f2f3c1a5e4d6b"' in html
    assert 'name="seen_amount" value="231000"' in html


def test_it_repeats_the_amount_on_the_pay_button(env: Environment) -> None:
    assert 'Continue to pay <span class="amount">$2,310.00</span>' in render(env, sample("pay"))


def test_it_promises_no_amount_on_the_button_when_fees_differ(env: Environment) -> None:
    assert "Continue to pay <span" not in render(env, sample("pay_changed"))


def test_it_shows_a_fee_before_paying(env: Environment) -> None:
    assert "Fee $69.30, total $2,379.30." in render(env, sample("pay_changed"))


@pytest.mark.parametrize(
    ("name", "words"),
    [("invoices", "7 days late"), ("invoices", "Due tomorrow"), ("invoices", "Due Jul 1"), ("pay_one", "Due today")],
)
def test_it_says_in_words_when_an_invoice_is_due(env: Environment, name: str, words: str) -> None:
    assert words in render(env, sample(name))


def test_it_has_words_for_every_problem(env: Environment) -> None:
    pages = [render(env, replace(sample(ASKING.get(problem, "code")), problem=problem)) for problem in Problem]
    summaries = [re.search(r'id="problem".*?<a href="#[\w-]+">(.+?)</a>', page, re.DOTALL) for page in pages]
    assert len({found[1] for found in summaries if found}) == len(Problem)


def has_words_for_all(env: Environment, name: str, field: str, members: type[StrEnum]) -> bool:
    pages = [render(env, replace(cast(Any, sample(name)), **{field: member})) for member in members]
    return len(set(pages)) == len(members)


@pytest.mark.parametrize(
    ("name", "field", "members"),
    [
        ("declined", "reason", outcome.Decline),
        ("processing", "stage", outcome.Stage),
        ("expired", "stop", outcome.LinkStop),
        ("receipt_refunded", "reversal", outcome.Reversal),
        ("invoice", "standing", Standing),
    ],
)
def test_it_tells_every_outcome_apart(env: Environment, name: str, field: str, members: type[StrEnum]) -> None:
    assert has_words_for_all(env, name, field, members)


@pytest.mark.parametrize("name", ["invoice", "statement"])
def test_it_has_words_for_every_step_of_an_amount(env: Environment, name: str) -> None:
    page = cast(Any, sample(name))
    told = [replace(STEPS[0], step=step) for step in Step]
    pages = [
        render(env, replace(page, steps=[step]) if name == "invoice" else replace(page, accounts=[an_account(step)]))
        for step in told
    ]
    assert len(set(pages)) == len(Step)


def an_account(step: AmountStep) -> Account:
    return Account(opening=step.balance, steps=[step], closing=step.balance)


def test_it_has_words_for_every_pretend_outcome(env: Environment) -> None:
    hints = re.findall(r"<small>(.+?)</small>", render(env, sample("bank_accounts")))
    assert len(set(hints)) == len(ACCOUNTS) == len(Outcome)


def test_it_never_asks_for_a_card_number(env: Environment) -> None:
    html = render(env, sample("bank_card"))
    assert not re.findall(r'cc-number|type="(?:text|tel|number)"', html)


def test_it_refuses_a_template_that_names_an_unknown_value(env: Environment) -> None:
    with pytest.raises(UndefinedError):
        env.from_string("{{ page.nothing }}").render(page=sample("pay"))


def test_it_sorts_the_due_dates_of_a_payment() -> None:
    page = sample("pay")
    assert isinstance(page, PayPage)
    assert page.due_dates == sorted(page.due_dates)
