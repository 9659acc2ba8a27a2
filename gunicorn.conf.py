"""`gunicorn` alone serves Till. On SQLite keep its default of one process; on PostgreSQL set WEB_CONCURRENCY."""

import os

from prometheus_client import multiprocess

from web.app import start, stop
from web.metrics import MULTIPROCESS_FOLDER

wsgi_app = "wsgi:app"
worker_class = "gthread"
threads = 8
# Never preload_app: database connections and the job engine's client belong to one process each.
preload_app = False
# Twilio gives up on a webhook after 15 s; nobody waits for an answer beyond that.
timeout = 30
graceful_timeout = 20
control_socket_disable = True


def post_worker_init(worker):
    """After the fork: threads and connections belong to the process that uses them."""
    start(worker.app.callable)


def worker_exit(_server, worker):
    if worker.app.callable is not None:
        stop(worker.app.callable)


def child_exit(_server, worker):
    if MULTIPROCESS_FOLDER in os.environ:
        multiprocess.mark_process_dead(worker.pid)
