"""What a serving process gets ready beside its first answers. None of them needs it; whoever comes later would wait."""

import gc
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace

import structlog
from flask import Flask
from sqlalchemy.orm import configure_mappers
from werkzeug.utils import import_string

from bot import evidence
from models.context import Runtime
from web.config import Settings
from web.queues import UNPACED
from web.work import describe

log = structlog.get_logger()


class Warming(threading.Thread):
    def __init__(self, app: Flask, runtime: Runtime, settings: Settings, once_warm: Callable[[], None]) -> None:
        super().__init__(name="warming", daemon=True)
        self._app, self._runtime, self._settings, self._once_warm = app, runtime, settings, once_warm

    def run(self) -> None:
        try:
            configure_mappers()
            evidence.table()
            if self._runtime.database.is_sqlite:  # elsewhere jobs are enqueued without the engine
                import_string("web.engine")
                self._work()
            self._once_warm()
        except Exception as error:  # half a process must not stay: whoever watches it starts another
            log.error("did_not_start", error=describe(error))
            os.kill(os.getpid(), signal.SIGTERM)
        # What was made so far stays: the collector need not walk it again and again.
        gc.collect()
        gc.freeze()

    def _work(self) -> None:
        """On SQLite this process runs the jobs, too."""
        if self._settings.worker:
            work = import_string("web.jobs:WORK")
            work = replace(work, queues=UNPACED) if self._settings.sms == "sandbox" else work
            self._app.extensions["till.worker"] = import_string("web.engine:start_embedded")(self._runtime, work)

    def stop(self) -> None:
        """Let running jobs finish."""
        self.join()
        worker = self._app.extensions.get("till.worker")
        if worker is not None:
            worker.stop()
