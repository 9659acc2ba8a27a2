"""How many mails of a corpus give exactly their newest text: `python -m bot.channels.quoting_score [FOLDER]`.
A corpus is text files of cases: `@@ name`, the mail, `@@ newest`, what its sender typed. HTML ones are named so."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.channels.quoting import newest_text
from bot.channels.quoting_html import text_of_html

MARK = "@@ "
NEWEST = "newest"
OWN = "tests/corpus/replies"


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    mail: str
    newest: str

    def found(self) -> str:
        return newest_text(text_of_html(self.mail) if " html" in self.name else self.mail)


@dataclass(frozen=True, slots=True)
class Score:
    total: int
    misses: tuple[Case, ...]

    @property
    def exact(self) -> int:
        return self.total - len(self.misses)


def cases(folder: Path) -> Iterator[Case]:
    for file in sorted(folder.glob("*.txt")):
        sections = ("\n" + file.read_text(encoding="utf-8")).split("\n" + MARK)[1:]
        for mail, newest in zip(sections[::2], sections[1::2], strict=True):
            name, _, body = mail.partition("\n")
            yield Case(f"{file.stem} {name}", body, newest.removeprefix(NEWEST).strip())


def score(folder: Path) -> Score:
    every = list(cases(folder))
    return Score(len(every), tuple(case for case in every if case.found() != case.newest))


def report(folder: Path) -> str:
    result = score(folder)
    lines = [f"miss: {case.name}\n  wanted {case.newest!r}\n  found  {case.found()!r}" for case in result.misses]
    percent = 100 * result.exact / max(result.total, 1)
    return "\n".join([*lines, f"{result.exact} of {result.total} exact ({percent:.1f} %)"])


if __name__ == "__main__":
    sys.stdout.write(report(Path(sys.argv[1] if len(sys.argv) > 1 else OWN)) + "\n")
