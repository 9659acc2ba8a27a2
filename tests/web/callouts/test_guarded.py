"""Whom we call when somebody else names the address: never ourselves, never the neighbours."""

from collections.abc import Iterator, Sequence
from itertools import chain, repeat

import pytest

from tests.support.receiver import Receiver, receiving
from web.callouts import guarded
from web.callouts.guarded import Refused, Unanswered

PUBLIC = "93.184.216.34"
INSIDE = [
    *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
    *("192.0.0.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0"),
    *("fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "64:ff9b::a9fe:a9fe"),
    *("2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:db8::1", "2001:0:0:0:0:0:5601:5601"),
    *("168.63.129.16", "::ffff:168.63.129.16", "192.0.0.8", "192.88.99.1", "fec0::1", "3fff::1"),
]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def answering(*addresses: str) -> guarded.Resolve:
    return lambda _host, _port: addresses


@pytest.mark.parametrize("address", INSIDE)
def test_it_refuses_addresses_inside(address: str) -> None:
    where = guarded.target("https://hooks.example.com/", allow_local=False)
    with pytest.raises(Refused, match="address_not_public"):
        guarded.pinned(where, allow_local=False, resolve=answering(address))


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:220:1:248:1893:25c8:1946", f"::ffff:{PUBLIC}"])
def test_it_takes_public_addresses(address: str) -> None:
    where = guarded.target("https://hooks.example.com/", allow_local=False)
    assert guarded.pinned(where, allow_local=False, resolve=answering(address)) == address


def test_it_refuses_a_name_with_one_address_inside() -> None:
    where = guarded.target("https://hooks.example.com/", allow_local=False)
    with pytest.raises(Refused):
        guarded.pinned(where, allow_local=False, resolve=answering(PUBLIC, "10.0.0.1"))


@pytest.mark.parametrize("name", ["127.0.0.1", "0x7f.1", "2130706433", "0177.0.0.1", "[::1]", "[::ffff:a9fe:a9fe]"])
def test_it_sees_through_spellings_of_this_machine(name: str) -> None:
    where = guarded.target(f"https://{name}/", allow_local=False)
    with pytest.raises(Refused, match="address_not_public"):
        guarded.pinned(where, allow_local=False, resolve=guarded.resolve_by_system)


@pytest.mark.parametrize(
    "url",
    [
        *("http://hooks.example.com/", "ftp://hooks.example.com/", "file:///etc/passwd", "https://", "https:///x"),
        *("https://user:pw@hooks.example.com/", "https://hooks.example.com\\@evil/", "https://a b/", "https://x:0/"),
        *("https://x:99999/", "https://hooks.example.com/\r\nX: y", "javascript:alert(1)", "//hooks.example.com"),
    ],
)
def test_it_refuses_what_is_no_https_address(url: str) -> None:
    with pytest.raises(Refused, match="url_not_allowed"):
        guarded.target(url, allow_local=False)


def test_it_asks_for_the_name_once_and_stays_with_the_answer(receiver: Receiver) -> None:
    """A name that is public when judged and inside when called: there is no second question."""
    asked: list[str] = []
    changing = chain([["127.0.0.1"]], repeat(["169.254.169.254"]))

    def resolve(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return next(changing)

    url = receiver.url.replace("127.0.0.1", "rebind.example.com")
    assert guarded.post(url, {}, b"{}", allow_local=True, resolve=resolve) == 204
    assert asked == ["rebind.example.com"]
    assert receiver.posted[0][0]["Host"].startswith("rebind.example.com")


def test_it_never_connects_to_a_refused_address(receiver: Receiver) -> None:
    url = receiver.url.replace("http://", "https://")
    with pytest.raises(Refused):
        guarded.post(url, {}, b"{}", allow_local=False)
    assert receiver.posted == []


def test_it_wants_a_certificate_that_it_can_trust(receiver: Receiver) -> None:
    with pytest.raises(Unanswered):
        guarded.post(receiver.url.replace("http://", "https://"), {}, b"{}", allow_local=True)
    assert receiver.posted == []


def test_it_says_when_there_is_no_such_host() -> None:
    def nowhere(_host: str, _port: int) -> Sequence[str]:
        raise OSError

    with pytest.raises(Unanswered, match="no_such_host"):
        guarded.post("https://gone.example.com/", {}, b"", allow_local=False, resolve=nowhere)


def test_it_hangs_up_on_who_only_drips(dripping: str) -> None:
    with pytest.raises(Unanswered):
        guarded.post(dripping, {}, b"{}", allow_local=True, timeout_s=0.3)


def test_it_reads_no_more_than_a_megabyte(endless: str) -> None:
    with pytest.raises(Unanswered, match="answer_too_large"):
        guarded.post(endless, {}, b"{}", allow_local=True)
