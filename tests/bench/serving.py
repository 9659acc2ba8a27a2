"""The servers that are measured: gunicorn with production's settings, and what the kernel says about its processes."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.stage import HOST, TOKEN

THREADS = 8
TILL = "wsgi:app"
OURS = "gunicorn.conf.py"
BARE = "tests.bench.bare:app"
NOWHERE = "127.0.0.1:9"
"""Nobody listens there: nothing that is measured should ever call out."""


_NOT_KEPT = ("TILL_", "TWILIO_", "PYTHONDONTWRITEBYTECODE")
"""Where an installed program keeps its bytecode, so does what is measured."""


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    pid: int

    @property
    def workers(self) -> list[int]:
        return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]

    @property
    def largest_mb(self) -> float:
        """Resident memory of the largest worker."""
        return max(memory_mb(pid) for pid in self.workers)


def production(database_url: str, folder: Path, **more: str) -> dict[str, str]:
    """No sandbox: its carrier, bank and mailbox are threads in the very process that is measured."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_KEPT)}
    return kept | {
        "TILL_ENV": "production",
        "TILL_BASE_URL": f"https://{HOST}",
        "DATABASE_URL": database_url,
        "SECRET_KEY": secrets.token_hex(32),
        "SMTP_URL": f"smtp://{NOWHERE}",
        "TWILIO_API_BASE": f"http://{NOWHERE}",
        "STRIPE_API_BASE": f"http://{NOWHERE}",
        "STRIPE_SECRET_KEY": f"sk_live_{secrets.token_hex(12)}",
        "STRIPE_WEBHOOK_SECRET": f"whsec_{secrets.token_hex(12)}",
        "TILL_VAR": str(folder),
        "BENCH_TOKEN": TOKEN,
        "WEB_CONCURRENCY": "1",
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
        **more,
    }


@contextmanager
def serving(
    app: str,
    processes: int,
    environment: dict[str, str],
    settings: str = OURS,
    host: str = "127.0.0.1",
    runner: Sequence[str] = (),
    port: int | None = None,
) -> Iterator[Server]:
    """`runner`: a program before the server's own command line, which it becomes."""
    port = port or free_port()
    command = [*runner, sys.executable, "-m", "gunicorn", "-c", settings, "-k", "gthread", "-w", str(processes)]
    command += ["--threads", str(THREADS), "-b", f"{host}:{port}", "--log-level", "error", app]
    server = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        wait_for(port, host)
        yield Server(port, server.pid)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(40)


@contextmanager
def working(environment: dict[str, str]) -> Iterator[int]:
    """One `flask worker` beside the web processes: its process id."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
    worker = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        yield worker.pid
    finally:
        worker.send_signal(signal.SIGTERM)
        try:
            worker.wait(40)
        except subprocess.TimeoutExpired:  # a job still waits for an outside that never answers
            worker.kill()
            worker.wait()


def wait_for(port: int, host: str = "127.0.0.1") -> None:
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex((host, port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("the server did not start")


def processor_s(pid: int) -> float:
    """What a process has used of any core so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int | str, mark: str = "VmRSS") -> float:
    """What of it is in memory now; VmHWM: at most so far."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{mark}:")) / 1024


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
