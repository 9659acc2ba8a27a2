"""Looks for secrets in every line that any commit up to this one has added, and in what is not committed yet. Names
where, never the secret. Without git it looks through the files that are there."""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from detect_secrets.core.plugins import initialize
from detect_secrets.plugins.base import BasePlugin, RegexBasedDetector

VENDORS = (
    *("AWSKeyDetector", "BasicAuthDetector", "GitHubTokenDetector", "GitLabTokenDetector", "JwtTokenDetector"),
    *("NpmDetector", "OpenAIDetector", "PrivateKeyDetector", "PypiTokenDetector", "SendGridDetector", "SlackDetector"),
    *("StripeDetector", "TwilioKeyDetector"),
)
"""Whose secrets have a shape of their own. Entropy and words like "password" are no evidence: they would want a list of
exceptions, and what is on such a list is looked at by nobody."""
WORTH_A_LOOK = re.compile(r"(?=[\w/+=.-]*\d)[\w/+=.-]{20,}|-----BEGIN|://[^/@\s]+:[^/@\s]+@")
"""Every line that a detector could mean has one of these; most lines have none."""
EXAMPLES = re.compile(
    r"@(?:127\.0\.0\.1|localhost|db|host|YOUR-HOST|[\w.-]+\.(?:test|example|invalid)|[\w.-]*example\.com)(?![\w.-])"
)
"""Hosts that are nobody's (RFC 2606): a password at one of them opens nothing."""
SKIPPED = frozenset({"var", "artefacts", "node_modules", "__pycache__"})


class OurKeys(RegexBasedDetector):
    """What Till gives out itself, and the webhook secrets that it is given."""

    secret_type = "Till, Stripe or Mailgun secret"
    denylist = (
        re.compile(r"\btill_(?:live|test)_[0-9a-f]{12}_[\w-]{43}"),
        re.compile(r"\bwhsec_[A-Za-z0-9+/]{24,}"),
        re.compile(r"\b[rs]k_test_[0-9a-zA-Z]{24}"),
        re.compile(r"\bkey-[0-9a-f]{32}\b"),
    )


Lines = Mapping[str, str]
"""Each line once, and the first place where it stands."""


def git(*words: str) -> str:
    run = subprocess.run(["git", *words], capture_output=True, check=True)
    return run.stdout.decode(errors="replace")


def of_history() -> Lines:
    found: dict[str, str] = {}
    commit = path = ""
    log = git("log", "-m", "-p", "--unified=0", "--no-color", "--no-renames", "--format=commit %h", "HEAD")
    for line in log.split("\n"):
        if line.startswith("commit "):
            commit = line.removeprefix("commit ")
        elif line.startswith("+++ "):
            path = line.removeprefix("+++ b/")
        elif line.startswith("+"):
            found.setdefault(line[1:], f"{commit} {path}")
    return found


def of_files(paths: Iterator[Path]) -> Lines:
    found: dict[str, str] = {}
    for path in paths:
        if path.is_file() and b"\0" not in (content := path.read_bytes()):
            for line in content.decode(errors="replace").split("\n"):
                found.setdefault(line, str(path))
    return found


def is_ours(path: Path) -> bool:
    return not any(part in SKIPPED or part.startswith(".venv") or part.endswith("_cache") for part in path.parts)


def lines() -> tuple[Lines, str]:
    """All there is to look at, and what that is."""
    try:
        top = Path(git("rev-parse", "--show-toplevel").strip())
        commits = int(git("rev-list", "--count", "HEAD"))
    except (OSError, subprocess.CalledProcessError):
        return of_files(path for path in Path().rglob("*") if is_ours(path)), "files, without git"
    if top != Path.cwd():
        return of_files(path for path in Path().rglob("*") if is_ours(path)), "files of no repository"
    changed = git("ls-files", "-z", "--modified", "--others", "--exclude-standard").split("\0")
    is_shallow = git("rev-parse", "--is-shallow-repository").strip() == "true"
    told = f"{commits} commits{', of which the oldest is not the first' if is_shallow else ''}"
    return {**of_history(), **of_files(Path(one) for one in changed if one)}, told


def detectors() -> list[BasePlugin]:
    return [*(initialize.from_plugin_classname(name) for name in VENDORS), OurKeys()]


def means(detector: BasePlugin, line: str) -> bool:
    if detector.secret_type == "Basic Auth Credentials":
        line = EXAMPLES.sub("", line)
    return any(True for _ in detector.analyze_string(line))


def main() -> int:
    found, what = lines()
    using = detectors()
    leaks = [
        f"{where}: {detector.secret_type}"
        for line, where in found.items()
        if WORTH_A_LOOK.search(line)
        for detector in using
        if means(detector, line)
    ]
    print(*leaks, f"{len(found)} lines of {what}", sep="\n")
    return 1 if leaks else 0


if __name__ == "__main__":
    sys.exit(main())
