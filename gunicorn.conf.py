"""`gunicorn` alone serves Till. On SQLite keep its default of one process; on PostgreSQL set WEB_CONCURRENCY."""

import contextlib
import ctypes
import gc
import os
import socket
from importlib import import_module

# Nothing of Till, nor a library of its, may be imported here: this process forks the workers of a reload, and what it
# has loaded they have, too, however old it is (docs/decisions/0033).

wsgi_app = "wsgi:app"
worker_class = "gthread"
threads = 8
# Never preload_app: database connections and the job engine's client belong to one process each.
preload_app = False
# Twilio gives up on a webhook after 15 s; nobody waits for an answer beyond that.
timeout = 30
graceful_timeout = 20
control_socket_disable = True
# Nobody plugs anything into pydantic here; to look for it in each installed package takes a hundredth of the start.
raw_env = ["PYDANTIC_DISABLE_PLUGINS=__all__"]

# gunicorn would tell systemd that it is ready before it has loaded anything. A worker does, once it is
# (docs/decisions/0033).
NOTIFY_SOCKET = os.environ.pop("NOTIFY_SOCKET", None)

# glibc gives each of forty threads a heap of its own, half empty: 10 MB for nothing. Others have no mallopt.
M_ARENA_MAX, HEAPS = -8, 2
with contextlib.suppress(AttributeError):
    ctypes.CDLL(None).mallopt(M_ARENA_MAX, HEAPS)


def post_fork(_server, _worker):
    """What is loaded stays: to look for what could be thrown away meanwhile takes a fifth of the start."""
    gc.disable()


def post_worker_init(worker):
    """Threads and connections belong to the process that uses them."""
    gc.freeze()
    gc.enable()
    _stay_on_one_core(worker.age)
    waiting = worker.tpool._work_queue.qsize  # nothing else knows how many wait for a thread
    import_module("web.app").start(worker.app.callable, waiting=waiting, once_warm=_tell_systemd)


def _tell_systemd():
    if NOTIFY_SOCKET is not None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            told.sendto(b"READY=1", NOTIFY_SOCKET.replace("@", "\0", 1))


def _stay_on_one_core(number):
    """Threads that hand one interpreter to each other do so across cores at the price of half their time
    (docs/decisions/0004). Processes are dealt out over the cores we may use."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[number % len(cores)]})


def worker_exit(_server, worker):
    if worker.app.callable is not None:
        import_module("web.app").stop(worker.app.callable)
