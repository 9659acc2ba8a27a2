"""The gate that looks for secrets in the history: each kind that is planted is found, wherever git keeps it or not."""

import subprocess
import sys
from pathlib import Path

import pytest

GATE = Path(__file__).parent.parent / ".ci" / "leaks.py"
HEX, LETTERS = "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF"
PLANTED = {
    "AWS": "AKIA" + "Q3EGZ5H2WLVX7RTN",
    "Stripe": "sk_live_" + LETTERS,
    "webhook": "whsec_" + LETTERS,
    "Twilio": "AC" + HEX,
    "SendGrid": "SG." + LETTERS[:22] + "." + LETTERS + LETTERS[:11],
    "GitHub": "ghp_" + LETTERS + "1a2B",
    "ours": "till_live_" + HEX[:12] + "_" + LETTERS + "-_x9Y8z7W6v",
    "key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "password": "postgresql://till:" + "hunter2" + "@db.internal.acme.com/till",
}
INNOCENT = "DATABASE_URL=postgresql+psycopg://till:till@db/till\nSMTP_URL=smtp://user:password@smtp.example.com:587\n"


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=T", "-c", "user.email=t@t.example", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


def look(folder: Path) -> tuple[int, str]:
    run = subprocess.run([sys.executable, str(GATE)], cwd=folder, capture_output=True, text=True, check=False)
    assert run.stderr == ""
    return run.returncode, run.stdout


def commit(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", name)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "till"
    folder.mkdir()
    git(folder, "init", "-q")
    commit(folder, "settings.env", INNOCENT)
    return folder


def test_it_finds_nothing_in_examples(repository: Path) -> None:
    assert look(repository) == (0, "2 lines of 1 commits\n")


def test_it_finds_whatever_was_committed_once_and_never_prints_it(repository: Path) -> None:
    for kind, secret in PLANTED.items():
        commit(repository, f"{kind}.txt", f"value = '{secret}'\n")
        git(repository, "rm", "-q", f"{kind}.txt")
        git(repository, "commit", "-qm", "gone")
    status, told = look(repository)
    assert status == 1
    assert [kind for kind in PLANTED if f" {kind}.txt: " not in told] == []
    assert [kind for kind, secret in PLANTED.items() if secret in told] == []


def test_it_looks_at_what_is_not_committed_yet(repository: Path) -> None:
    (repository / "new.txt").write_text(PLANTED["Stripe"])
    assert look(repository)[0] == 1


def test_it_says_that_a_shallow_clone_is_not_all(repository: Path, tmp_path: Path) -> None:
    commit(repository, "late.txt", PLANTED["Twilio"])
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{repository}", "shallow")
    status, told = look(tmp_path / "shallow")
    assert (status, "late.txt: " in told, "is not the first" in told) == (1, True, True)


def test_it_looks_through_files_that_came_without_git(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(PLANTED["ours"])
    status, told = look(tmp_path)
    assert (status, "files, without git" in told) == (1, True)
