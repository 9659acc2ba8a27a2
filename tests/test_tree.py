"""House rules that no linter knows: how long a module and a function may be."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
LONGEST_MODULE = 300
LONGEST_FUNCTION = 50

Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules() -> list[Path]:
    packages = ("web", "bot", "payments", "models", "tests")
    found = [ROOT / "wsgi.py", *(path for package in packages for path in (ROOT / package).rglob("*.py"))]
    return [path for path in found if path.exists() and "versions" not in path.parts]


def functions() -> Iterator[tuple[Path, Function]]:
    for module in modules():
        yield from ((module, node) for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, Function))


def test_it_keeps_modules_short() -> None:
    lines = {str(module.relative_to(ROOT)): module.read_text().count("\n") for module in modules()}

    assert {name: count for name, count in lines.items() if count > LONGEST_MODULE} == {}


def test_it_keeps_functions_short() -> None:
    lines = {f"{module.name} {f.name}": (f.end_lineno or f.lineno) - f.lineno + 1 for module, f in functions()}

    assert {name: count for name, count in lines.items() if count > LONGEST_FUNCTION} == {}
