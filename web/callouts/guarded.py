"""A POST to an address that somebody else chose. The name is resolved once, every answer is judged, and the connection
goes to the judged address: a name that changes its mind afterwards reaches nothing inside. Follows no redirect."""

import http.client
import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import certifi

TIMEOUT_S = 5.0
"""For everything: connecting, sending, and all of the answer that is read."""
MOST_READ = 1024 * 1024
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_INSIDE = tuple(
    map(ipaddress.ip_network, ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "3fff::/20", "fec0::/10"))
)
"""Public by Python's own tables: the host that each machine at Azure asks for its secrets, IETF's protocols, relays of
6to4, documentation, and site-local networks that are still there."""

Resolve = Callable[[str, int], Sequence[str]]
"""All addresses of a name. Raises OSError."""
_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]{1,253}")


class Refused(Exception):
    """We do not call this address. `code` says why, for the delivery log."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Unanswered(Exception):
    """Nobody answered in time, or not in HTTP."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Target:
    is_https: bool
    host: str
    port: int
    path: str


def target(url: str, *, allow_local: bool) -> Target:
    """`allow_local`, for demo and development: plain http and our own machine. Raises Refused("url_not_allowed")."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise Refused("url_not_allowed") from error
    allowed = ("https", "http") if allow_local else ("https",)
    odd = not url.isascii() or any(c <= " " for c in url) or "@" in parts.netloc or "\\" in url
    if parts.scheme not in allowed or not _HOST.fullmatch(host) or odd or port == 0:
        raise Refused("url_not_allowed")
    is_https = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(is_https, host, port or (443 if is_https else 80), path)


def resolve_by_system(host: str, port: int) -> Sequence[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[4][0]) for address in found))


def pinned(where: Target, *, allow_local: bool, resolve: Resolve) -> str:
    """The one address to connect to. If any of a name's addresses is not public, none is used.
    Raises Refused("address_not_public"), Unanswered("no_such_host")."""
    try:
        found = resolve(where.host, where.port)
    except (OSError, UnicodeError) as error:
        raise Unanswered("no_such_host") from error
    if not found:
        raise Unanswered("no_such_host")
    if not all(_is_allowed(address, allow_local) for address in found):
        raise Refused("address_not_public")
    return found[0]


def _is_allowed(text: str, allow_local: bool) -> bool:
    address = _innermost(ipaddress.ip_address(text.partition("%")[0]))
    if allow_local and address.is_loopback:
        return True
    inside = address.is_multicast or address.is_reserved or address.is_link_local or address.is_private
    return address.is_global and not inside and not any(address in network for network in _INSIDE)


def _innermost(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address that an IPv6 one only wraps: mapped, 6to4, Teredo, NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)


def post(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    allow_local: bool,
    resolve: Resolve = resolve_by_system,
    timeout_s: float = TIMEOUT_S,
) -> int:
    """The status that it answered. Raises Refused, Unanswered."""
    where = target(url, allow_local=allow_local)
    address = pinned(where, allow_local=allow_local, resolve=resolve)
    connection = http.client.HTTPConnection(where.host, where.port)
    alarm: threading.Timer | None = None
    try:
        plain = socket.create_connection((address, where.port), timeout=timeout_s)
        alarm = threading.Timer(timeout_s, _hang_up, [plain])
        alarm.start()
        connection.sock = _secured(plain, where.host) if where.is_https else plain
        connection.request("POST", where.path, body, {**headers, "Host": _host_header(where), "Connection": "close"})
        answer = connection.getresponse()
        if len(answer.read(MOST_READ + 1)) > MOST_READ:
            raise Unanswered("answer_too_large")
        return answer.status
    except (TimeoutError, ConnectionError, ssl.SSLError, http.client.HTTPException, OSError, ValueError) as error:
        raise Unanswered(_why(error)) from error
    finally:
        if alarm is not None:
            alarm.cancel()
        connection.close()


def _secured(plain: socket.socket, host: str) -> ssl.SSLSocket:
    """Verified for the name that was asked for, whatever the address is."""
    context = ssl.create_default_context(cafile=certifi.where())
    return context.wrap_socket(plain, server_hostname=host)


def _host_header(where: Target) -> str:
    host = f"[{where.host}]" if ":" in where.host else where.host
    usual = 443 if where.is_https else 80
    return host if where.port == usual else f"{host}:{where.port}"


def _hang_up(plain: socket.socket) -> None:
    """Drips of one byte reset every other time-out."""
    try:
        plain.shutdown(socket.SHUT_RDWR)
    except OSError:
        plain.close()


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "timed_out"
    if isinstance(error, ssl.SSLError):
        return "certificate_not_trusted" if isinstance(error, ssl.SSLCertVerificationError) else "tls_failed"
    if isinstance(error, ConnectionRefusedError):
        return "connection_refused"
    return "no_answer"
