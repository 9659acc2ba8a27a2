"""Every customer page with sample values, served under the strict CSP: `python -m tests.support.preview [port]`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from flask import Flask, Response, jsonify, redirect, request
from markupsafe import Markup
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Response as BaseResponse

from tests.support.preview_pages import BRAND_COLOUR, SAMPLES, frame
from web import branding
from web.i18n import choose_language
from web.templating import STATIC_FOLDER, configure, render

STRICT_CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def create_preview() -> Flask:
    """`/<name>` with `?lang=` and `?colour=`; every POST answers 303 to the same path, and counts at /posts."""
    app = Flask(__name__, static_folder=STATIC_FOLDER, static_url_path="/static")
    env = configure(app.jinja_env)
    env.globals["csrf_field"] = lambda: Markup('<input type="hidden" name="csrf_token" value="preview">')
    posts: list[str] = []

    @app.get("/")
    def index() -> str:
        return "".join(f'<a href="/{name}">{name}</a> ' for name in SAMPLES)

    @app.get("/<name>")
    def page(name: str) -> str | tuple[str, int]:
        if name not in SAMPLES:
            return "unknown sample", 404
        language = choose_language(request.args.get("lang"))
        return render(env, SAMPLES[name](frame(language, request.args.get("colour", BRAND_COLOUR))))

    @app.post("/<name>")
    def post(name: str) -> BaseResponse:
        posts.append(name)
        return redirect(f"/{name}", 303)

    @app.get("/posts")
    def count() -> Response:
        return jsonify(posts)

    @app.get("/status.json")
    def status() -> Response:
        return jsonify(next=None)

    @app.get("/brand/<colour>.css")
    def brand(colour: str) -> Response:
        return Response(branding.stylesheet(colour), mimetype="text/css")

    @app.after_request
    def harden(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = STRICT_CSP
        return response

    return app


class QuietHandler(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - the name is werkzeug's
        pass


@contextmanager
def running_preview() -> Iterator[str]:
    """Its base address, on a free loopback port."""
    server = make_server("127.0.0.1", 0, create_preview(), threaded=True, request_handler=QuietHandler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


if __name__ == "__main__":
    create_preview().run(port=int(sys.argv[1]) if len(sys.argv) > 1 else 8099)
