"""House rules that no linter knows: how long a module and a function may be."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
LONGEST_MODULE = 300
LONGEST_FUNCTION = 50

SANDBOXES = ("bot/channels", "payments/gateways", "web/simulator")
"""They keep databases of their own, with no merchants in them."""

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


def test_it_says_whose_rows_each_unit_of_work_is_about() -> None:
    """A Runtime knows; whoever asks a Database for a session must say (models/walls.py)."""
    found = []
    for module in modules():
        place = str(module.relative_to(ROOT))
        if not place.startswith(("tests", *SANDBOXES)):
            calls = (node for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.Call))
            found += [f"{place}:{call.lineno}" for call in calls if _says_nothing(call)]

    assert found == []


def _says_nothing(call: ast.Call) -> bool:
    asked = call.func
    if not isinstance(asked, ast.Attribute) or asked.attr not in ("read", "write", "write_together"):
        return False
    of = asked.value
    name = of.attr if isinstance(of, ast.Attribute) else of.id if isinstance(of, ast.Name) else ""
    return name in ("database", "_database") and not call.args
