"""The web process: `gunicorn` serves `app`; `flask --app wsgi` finds the commands here."""

import sys

from web import cli
from web.app import create_app

app = cli.bare_app() if cli.is_standalone(sys.argv) else create_app(late_office=True)
