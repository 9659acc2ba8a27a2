"""Finds a Chromium or Chrome, or installs Debian's when root, and opens pages in it. Never downloads one of its own.
`python -m tests.support.browser` does the first half and says in one line what the browser tests will run in."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
NAMES += ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"]
PACKAGES = "chromium libatomic1 fonts-liberation"
# Without these it looks for its maker's hosts at every start; no test needs more than loopback.
QUIET = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
QUIET += ["--disable-component-update", "--disable-sync"]
PHONE: ViewportSize = {"width": 375, "height": 812}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
SCREENSHOTS = Path(__file__).parents[2] / "artefacts" / "screenshots"

ColorScheme = Literal["light", "dark"]
OpenPage = Callable[..., Page]


def find_chromium() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


@cache
def missing() -> str | None:
    """Why no browser test can run here, and the cure; None when they can."""
    if not find_chromium():
        return "no Chromium or Chrome found (Debian: apt-get install chromium)"
    driver = subprocess.run([sys.executable, "-m", "playwright", "--version"], check=False, capture_output=True)
    if driver.returncode:
        return "playwright's driver does not start (Debian: apt-get install libatomic1)"
    return None


def install() -> None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in ("apt-get -qq update", f"apt-get -qq install -y --no-install-recommends {PACKAGES}"):
        subprocess.run(command.split(), check=False, env=environment, input=b"", stdout=subprocess.DEVNULL)
    missing.cache_clear()


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """Chromium's own sandbox cannot start as root, so there it is off."""
    unboxed = [] if os.geteuid() else ["--no-sandbox"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=[*QUIET, *unboxed])
        yield browser
        browser.close()


def accessibility_faults(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA and its best practices: rule, element, why."""
    if not page.evaluate("'axe' in window"):  # once for a document: it is half a megabyte
        page.evaluate(AXE_SCRIPT)
    violations = page.evaluate("axe.run({resultTypes: ['violations']}).then(found => found.violations)")
    return [f"{rule['id']} {node['target']}: {rule['help']}" for rule in violations for node in rule["nodes"]]


def keep_screenshot(page: Page, name: str) -> None:
    """Kept after the run, for people to look at: artefacts/screenshots/NAME.png. CI throws its clone away."""
    if "CI" not in os.environ:
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


def main() -> None:
    if missing():
        install()
    print("Browser tests:", f"skipped, {missing()}" if missing() else f"in {find_chromium()}")


if __name__ == "__main__":
    main()
