"""The outside world: what phones get, what the carrier tells us, and what can be made to go wrong."""

import pytest

from bot.channels.sandbox_mail import MailServer
from bot.channels.sandbox_rest import SandboxHttpClient
from bot.channels.twilio import TwilioSms, twiml
from tests.support.wire import ACCOUNT, ACME, ALICE, SMS_URL, STATUS_URL, Wire, outbound, request

CALLBACK = f"{STATUS_URL}?ref=1"


def says(wire: Wire, body: str, *replies: str, **fields: str) -> tuple[str, ...]:
    """Alice texts Acme, whose webhook answers with `replies`."""
    wire.answer = (200, twiml([(reply, CALLBACK) for reply in replies]))
    return wire.carrier.text(ACCOUNT.sid, ALICE, ACME, body, **fields).replies


def test_it_posts_a_text_that_the_real_channel_accepts(wire: Wire) -> None:
    says(wire, "hi")
    url, form, headers = wire.posted[0]
    assert url == SMS_URL
    signature = headers["X-Twilio-Signature"]
    text = TwilioSms().parse_inbound(request(list(form.items()), signature=signature), ACCOUNT)
    assert (text.sender, text.to, text.body) == (ALICE, ACME, "hi")


def test_it_shows_both_sides_on_the_phone(wire: Wire) -> None:
    assert says(wire, "hi", "Acme: hello", "Acme: more") == ("Acme: hello", "Acme: more")
    assert [m.text for m in wire.outside.thread(ALICE, ACME)] == ["hi", "Acme: hello", "Acme: more"]


def test_it_reports_on_each_reply(wire: Wire) -> None:
    says(wire, "hi", "Acme: hello")
    wire.posted.clear()
    assert wire.statuses() == ["queued", "sent", "delivered"]


def test_it_delivers_nothing_for_a_refused_webhook(wire: Wire) -> None:
    wire.answer = (403, "no")
    texted = wire.carrier.text(ACCOUNT.sid, ALICE, ACME, "hi")
    assert (texted.status, texted.replies, wire.heard(ALICE)) == (403, (), [])


def test_it_gives_each_message_a_higher_id(wire: Wire) -> None:
    says(wire, "hi", "Acme: one", "Acme: two")
    [one, two] = wire.outside.messages(ALICE)
    assert wire.outside.messages(ALICE, after=one.id) == [two]


def test_it_survives_a_restart(wire: Wire) -> None:
    says(wire, "hi", "Acme: hello")
    assert Wire(wire.folder).heard(ALICE) == ["Acme: hello"]


def test_it_marks_whatsapp(wire: Wire) -> None:
    wire.carrier.text(ACCOUNT.sid, f"whatsapp:{ALICE}", f"whatsapp:{ACME}", "hi")
    [message] = wire.outside.messages(f"whatsapp:{ACME}")
    assert (message.channel, message.sender) == ("whatsapp", f"whatsapp:{ALICE}")
    assert wire.outside.messages(ACME) == []


# --- what goes wrong -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("trouble", "code"), [("next_text_fails", "30003"), ("number_is_gone", "30005")])
def test_it_takes_a_text_and_then_fails_to_deliver_it(wire: Wire, trouble: str, code: str) -> None:
    wire.outside.cause(trouble)
    TwilioSms(SandboxHttpClient(wire.carrier)).send(outbound())
    wire.carrier.flush()
    _, form, _ = wire.posted[-1]
    assert (form["MessageStatus"], form["ErrorCode"], wire.heard(ALICE)) == ("undelivered", code, [])


def test_it_repeats_a_webhook_to_the_letter(wire: Wire) -> None:
    wire.outside.cause("webhook_twice")
    says(wire, "hi", "Acme: hello")
    assert wire.posted[0] == wire.posted[1]
    assert wire.heard(ALICE) == ["Acme: hello"]


def test_it_signs_badly_once(wire: Wire) -> None:
    wire.outside.cause("bad_signature")
    says(wire, "hi")
    says(wire, "hi")
    signatures = [headers["X-Twilio-Signature"] for _, _, headers in wire.posted]
    assert len(signatures[0]) < len(signatures[1])


def test_it_reports_out_of_order(wire: Wire) -> None:
    wire.outside.cause("out_of_order")
    TwilioSms(SandboxHttpClient(wire.carrier)).send(outbound())
    assert wire.statuses() == ["delivered", "sent", "queued"]


def test_it_loses_a_reply(wire: Wire) -> None:
    wire.outside.cause("reply_is_lost")
    assert says(wire, "hi", "Acme: hello") == ()
    assert wire.carrier.flush() == 0


def test_it_loses_its_reports(wire: Wire) -> None:
    wire.outside.cause("reports_are_lost")
    assert says(wire, "hi", "Acme: hello") == ("Acme: hello",)
    assert wire.carrier.flush() == 0


def test_it_goes_wrong_only_so_often(wire: Wire) -> None:
    wire.outside.cause("carrier_is_busy", times=2)
    assert [wire.outside.strikes("carrier_is_busy") is not None for _ in range(3)] == [True, True, False]


def test_it_forgets_everything_when_cleared(wire: Wire) -> None:
    says(wire, "hi", "Acme: hello")
    wire.outside.cause("bad_signature")
    wire.outside.clear()
    assert (wire.outside.messages(), wire.outside.going_on()) == ([], {})


# --- threads ---------------------------------------------------------------------------------------------------------
def test_it_posts_reports_by_itself_once_started(wire: Wire) -> None:
    wire.carrier.start()
    says(wire, "hi", "Acme: hello")
    wire.carrier.close()
    wire.carrier.flush()
    assert [url for url, _, _ in wire.posted].count(CALLBACK) == 3


def test_it_closes_a_mail_server_that_never_listened(wire: Wire) -> None:
    server = MailServer(wire.outside)
    server.close()
    assert server.url.startswith("smtp://127.0.0.1:")
