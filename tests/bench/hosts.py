"""Two machines in one: each web process in a network namespace of its own, behind a bridge, with its share of a core,
so that the database and the load find the rest of the machine. What is asked is whether a second machine helps, or
whether both wait for the same rows. Needs root and the `ip` command."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench import stage
from tests.bench.load import Figures, fire
from tests.bench.serving import OURS, TILL, free_port, production, serving
from tests.bench.turns import CONNECTIONS, ROUNDS, WARM_UP, texts
from tests.support.databases import postgres_url
from tests.support.postgres import running_server

REQUESTS = 600
BRIDGE = "till-bench"
NETWORK, DATABASE_AT = "10.77.0.0/24", "10.77.0.1"
HOSTS = ("10.77.0.11", "10.77.0.12")
SHARE_US, PERIOD_US = 3_000, 10_000
"""Of a core, for each host: two of them, the database and the load fit on two cores."""
GROUPS = Path("/sys/fs/cgroup")

Row = dict[str, Any]


def two_against_one() -> list[Row]:
    if os.geteuid() != 0 or shutil.which("ip") is None:
        raise RuntimeError("namespaces are made by root, with the ip command (iproute2)")
    with ExitStack() as stack:
        runners = stack.enter_context(_machines())
        server = stack.enter_context(running_server(durable=True, network=NETWORK))
        url = stack.enter_context(postgres_url(server, "bench"))
        stage.build(url)
        environment = production(url.replace("127.0.0.1", DATABASE_AT), Path(stack.enter_context(_folder())))
        rounds = [[_round(environment, runners[:count]) for count in (1, 2)] for _ in range(ROUNDS)]
    one, two = zip(*rounds, strict=True)
    return [
        {
            "a host's share of a core": SHARE_US / PERIOD_US,
            "one req/s": round(median(figures.per_second for figures in one)),
            "two req/s": round(median(figures.per_second for figures in two)),
            "ratio": round(median(b.per_second / a.per_second for a, b in rounds), 2),
            "errors": sum(figures.errors for figures in (*one, *two)),
        }
    ]


def _round(environment: dict[str, str], runners: Sequence[Sequence[str]]) -> Figures:
    hosts, port = HOSTS[: len(runners)], free_port()
    with ExitStack() as stack:
        for host, runner in zip(hosts, runners, strict=True):
            stack.enter_context(serving(TILL, 1, environment, OURS, host, runner, port))
        fire(port, texts(WARM_UP), CONNECTIONS, hosts=hosts)
        return fire(port, texts(REQUESTS), CONNECTIONS, hosts=hosts)


@contextmanager
def _folder() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield folder


@contextmanager
def _machines() -> Iterator[list[list[str]]]:
    """For each host what runs a command there."""
    with ExitStack() as stack:
        _ip("link", "add", BRIDGE, "type", "bridge")
        stack.callback(_ip, "link", "del", BRIDGE)
        _ip("addr", "add", f"{DATABASE_AT}/24", "dev", BRIDGE)
        _ip("link", "set", BRIDGE, "up")
        yield [stack.enter_context(_machine(n, address)) for n, address in enumerate(HOSTS)]


@contextmanager
def _machine(number: int, address: str) -> Iterator[list[str]]:
    name, outside = f"{BRIDGE}-{number}", f"till-veth{number}"
    _ip("netns", "add", name)
    group = _share(name)
    try:
        _ip("link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", name)
        _ip("link", "set", outside, "master", BRIDGE, "up")
        _ip("-n", name, "addr", "add", f"{address}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            _ip("-n", name, "link", "set", device, "up")
        yield ["sh", "-c", f'echo $$ >{group}/cgroup.procs && exec ip netns exec {name} "$@"', "sh"]
    finally:
        _ip("netns", "del", name)
        group.rmdir()


def _share(name: str) -> Path:
    """A group of processes that gets SHARE_US of each PERIOD_US, by either version of the kernel's interface."""
    is_unified = (GROUPS / "cgroup.controllers").exists()
    group = GROUPS / name if is_unified else GROUPS / "cpu" / name
    group.mkdir()
    if is_unified:
        (group / "cpu.max").write_text(f"{SHARE_US} {PERIOD_US}")
    else:
        (group / "cpu.cfs_period_us").write_text(str(PERIOD_US))
        (group / "cpu.cfs_quota_us").write_text(str(SHARE_US))
    return group


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)
