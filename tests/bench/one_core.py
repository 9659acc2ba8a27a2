"""Gunicorn's settings for a bare view that keeps to one core, as Till's processes do by gunicorn.conf.py."""

import runpy
from typing import Any

_TILL = runpy.run_path("gunicorn.conf.py")


def post_worker_init(worker: Any) -> None:
    _TILL["_stay_on_one_core"](worker.age)
