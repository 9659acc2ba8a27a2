"""`gunicorn` alone serves Till. On SQLite keep its default of one process; on PostgreSQL set WEB_CONCURRENCY."""

from web.app import start, stop

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
