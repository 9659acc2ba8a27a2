"""House rules that no linter knows: how long a module and a function may be."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LONGEST_MODULE = 300
LONGEST_FUNCTION = 50

Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules() -> list[Path]:
    packages = ("web", "bot", "payments", "models", "tests")
    found = [ROOT / "wsgi.py", *(path for package in packages for path in (ROOT / package).rglob("*.py"))]
    return [path for path in found if path.exists() and "versions" not in path.parts]


def functions(module: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, Function):
            yield node


@pytest.mark.parametrize("module", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_it_keeps_modules_and_functions_short(module: Path) -> None:
    long = [f.name for f in functions(module) if (f.end_lineno or 0) - f.lineno >= LONGEST_FUNCTION]

    assert len(module.read_text().splitlines()) <= LONGEST_MODULE
    assert long == []
