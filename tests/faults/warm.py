"""A warm interpreter with Till loaded that forks the processes to be killed: `python -m tests.faults.warm`. Loading
takes seconds, too long for each of many kills. Reads one JSON line for each process, answers its pid."""

import ctypes
import gc
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from flask.cli import ScriptInfo
from gunicorn.app.wsgiapp import run as run_gunicorn  # type: ignore[import-untyped]
from twilio.rest import Client

from bot.understanding_grammar import grammar
from tests.faults import quick
from web import engine
from web.app import create_app

ROOT = Path(__file__).parents[2]
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
"""Nobody outlives us; and what a killed master leaves behind becomes ours, and is reaped at once."""


class Nursery:
    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.faults.warm"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def spawn(self, role: str, environment: Mapping[str, str], log: Path, *args: str) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"role": role, "environment": dict(environment), "log": str(log), "args": args}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()


def serve(*args: str) -> None:
    sys.argv = ["gunicorn", "-c", "tests/faults/quick.py", "--log-level", "error", *args]
    run_gunicorn()


def work() -> None:
    engine.run_worker(create_app().extensions["till"], quick.WORK)


def command(*args: str) -> None:
    """`flask …`"""
    app = create_app()
    app.cli.main([*args], obj=ScriptInfo(create_app=lambda: app), standalone_mode=True)


ROLES = {"web": serve, "worker": work, "command": command}


def _become(role: str, environment: Mapping[str, str], log: str, args: Sequence[str]) -> None:
    os.setsid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with Path(log).open("a") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    os.environ.update(environment)
    ROLES[role](*args)


def load() -> None:
    """What Till itself loads at the first text in and out."""
    grammar()
    _ = Client("AC", "token").api.v2010
    gc.freeze()  # forked processes share it


def main() -> None:
    load()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            try:
                _become(**json.loads(line))
            except SystemExit as end:
                os._exit(int(end.code or 0))
            except BaseException:
                sys.excepthook(*sys.exc_info())
                os._exit(1)
            os._exit(0)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
