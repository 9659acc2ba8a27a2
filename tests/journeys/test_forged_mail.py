"""What others have sent to pass for somebody else: the verdict is about one name, and mail programs show another.
Nobody gets a bill, and nothing changes."""

import pytest
import sqlalchemy as sa

from models.case import Case
from models.consent import OptOut
from models.conversation import Promise
from tests.support.inbox import AUTHSERV_ID
from tests.support.world import ALICE_EMAIL, World

EVE = "eve@evil.example"
VERDICT = f"Authentication-Results: {AUTHSERV_ID}; dmarc=pass header.from=evil.example"
FORGED = f"Authentication-Results: {AUTHSERV_ID}; dmarc=pass header.from=example.com"

FROMS = {
    "two headers": f"From: {ALICE_EMAIL}\r\nFrom: {EVE}",
    "two headers the other way round": f"From: {EVE}\r\nFrom: {ALICE_EMAIL}",
    "a blank before the colon": f"From : {ALICE_EMAIL}\r\nFrom: {EVE}",
    "a blank before the name": f"X-Begin: x\r\n From: {EVE}\r\nFrom: {ALICE_EMAIL}",
    "other letters": f"from: {EVE}\r\nFROM: {ALICE_EMAIL}",
    "a NUL in the name": f"From\x00: {EVE}\r\nFrom: {ALICE_EMAIL}",
    "two addresses": f"From: {EVE}, {ALICE_EMAIL}",
    "two addresses with a sender": f"From: {ALICE_EMAIL}, {EVE}\r\nSender: {EVE}",
    "a group": f"From: friends: {ALICE_EMAIL};",
    "a route": f"From: <@evil.example,@x.example:{ALICE_EMAIL}>",
    "a comment behind": f"From: <{ALICE_EMAIL}> ({EVE})",
    "a comment inside": "From: alice(<eve@evil.example>)@example.com",
    "a name that is an address": f'From: "{ALICE_EMAIL}" <{EVE}>',
    "a name that is an address, encoded": f"From: =?utf-8?b?YWxpY2VAZXhhbXBsZS5jb20=?= <{EVE}>",
    "an encoded address": "From: =?utf-8?q?alice=40example.com?=",
    "an encoded address before a real one": f"From: =?utf-8?q?=3Calice=40example.com=3E?= <{EVE}>",
    "two pairs of brackets": f"From: <{ALICE_EMAIL}><{EVE}>",
    "an open bracket": f"From: <{ALICE_EMAIL}\r\nX-Rest: <{EVE}>",
    "a NUL in the address": f"From: {ALICE_EMAIL}\x00@evil.example",
    "a quoted local part": 'From: "alice@example.com"@evil.example',
    "an escaped blank": "From: alice\\ @example.com",
    "folded over two lines": f"From: {EVE}\r\n <{ALICE_EMAIL}>",
    "folded before the colon": f"From\r\n : {ALICE_EMAIL}\r\nFrom: {EVE}",
    "a bare line feed": f"From: {EVE}\nFrom: {ALICE_EMAIL}",
    "a bare carriage return": f"From: {EVE}\rFrom: {ALICE_EMAIL}",
    "a line separator": f"From: {EVE}\u2028From: {ALICE_EMAIL}",
    "a wider at sign": "From: alice\uff20example.com",
    "another alphabet": "From: \u0430lice@example.com",
    "a trailing dot": f"From: {ALICE_EMAIL}.",
    "a domain below": "From: alice@example.com.evil.example",
    "only a sender": f"Sender: {ALICE_EMAIL}",
    "only a reply address": f"Reply-To: {ALICE_EMAIL}",
    "resent": f"Resent-From: {ALICE_EMAIL}\r\nFrom: {EVE}",
    "nothing at all": "X-From: nobody",
}
RELAY = f"Authentication-Results: {AUTHSERV_ID}"
PASS = "dmarc=pass header.from=example.com"
VERDICTS = {
    "a forged verdict below the true one": f"{VERDICT}\r\n{FORGED}",
    "a forged verdict inside the true one": f"{VERDICT} ({PASS})",
    "a verdict of another host": f"Authentication-Results: mx.evil.example; {PASS}",
    "a host that begins alike": f"{RELAY}.evil.example; {PASS}",
    "a verdict below the relay's own line": f"Received: from a by mx\r\nReceived: from b by a\r\n{FORGED}",
    "two verdicts in one": f"{RELAY}; dmarc=fail header.from=example.com; {PASS}",
    "a verdict on spf alone": f"{RELAY}; spf=pass smtp.mailfrom=example.com",
    "a chain of seals": f"ARC-Authentication-Results: i=1; {AUTHSERV_ID}; {PASS}",
    "a domain that ends alike": f"{RELAY}; dmarc=pass header.from=notexample.com",
    "a passing word": f"{RELAY}; dmarc=passable header.from=example.com",
}
WISHES = ("what do I owe?", "STOP", "I already paid", "I'll pay Friday")


def arrives(world: World, top: str, words: str) -> None:
    identifier = f"<{WISHES.index(words)}@evil.example>"
    mail = f"{top}\r\nTo: pay@acme.example\r\nSubject: Hi\r\nMessage-ID: {identifier}\r\n\r\n{words}\r\n"
    merchant = world.merchants["acme"]
    answer = world.client.post(
        "/webhooks/email/mime/acme",
        data=mail.encode("utf-8", "surrogateescape"),
        headers={"X-Webhook-Secret": merchant.email_secrets["mime"], "Content-Type": "message/rfc822"},
    )
    assert answer.status_code == 200
    world.settle_down()


def everything_sent(world: World) -> list[tuple[str, str]]:
    with world.outside.database.read() as db:
        return [(row.recipient, row.text) for row in db.execute(sa.text("SELECT recipient, text FROM received"))]


def told_and_changed(world: World) -> tuple[list[str], set[str], int]:
    """What anybody was told about a bill, who was written to, and how much is different."""
    sent = everything_sent(world)
    with world.runtime.read() as ctx:
        changes = sum(len(ctx.session.scalars(sa.select(kind)).all()) for kind in (OptOut, Case, Promise))
    bills = [text for _, text in sent if "INV-" in text or "$" in text or "Alice Adams" in text]
    return bills, {recipient for recipient, _ in sent}, changes


@pytest.mark.parametrize("sender", FROMS.values(), ids=FROMS)
def test_it_believes_no_sender_that_reads_two_ways(world: World, sender: str) -> None:
    for words in WISHES:
        arrives(world, f"{VERDICT}\r\n{sender}", words)
    bills, written_to, changes = told_and_changed(world)
    assert (bills, changes) == ([], 0)
    assert all(address == ALICE_EMAIL or address.endswith("evil.example") for address in written_to)


@pytest.mark.parametrize("top", VERDICTS.values(), ids=VERDICTS)
def test_it_believes_no_verdict_but_the_relays_own(world: World, top: str) -> None:
    for words in WISHES:
        arrives(world, f"{top}\r\nFrom: {ALICE_EMAIL}", words)
    bills, written_to, changes = told_and_changed(world)
    assert (bills, changes) == ([], 0)
    assert written_to <= {ALICE_EMAIL}
