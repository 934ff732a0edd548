"""The rules that keep the house as it is described, checked on the source."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PURE = (
    "contracts",
    "delivery",
    "landing",
    "returns",
    "identity",
    "publishing",
    "sample",
    "service",
)


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / "pipelines" / folder).rglob("*.py"))


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("room", PURE)
def test_pure_rooms_do_not_know_dagster(room):
    files = modules(room)
    assert files
    assert [path.name for path in files if "dagster" in imported(path)] == []


def test_only_settings_reads_the_environment():
    def reads(path: Path) -> bool:
        return any(
            isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
            for node in ast.walk(ast.parse(path.read_text()))
        )

    readers = [path.name for path in modules(".") if reads(path)]
    assert readers == ["settings.py"]


def test_every_module_says_what_it_is_for():
    silent = [
        path
        for path in modules(".")
        if path.read_text().strip()
        and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_loops_in_the_shell_have_a_body_of_one_call():
    long = [
        f"{path.name}:{node.lineno}"
        for path in modules("defs")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.For | ast.While) and len(node.body) > 2
    ]
    assert long == []


def test_a_defs_module_holds_loose_objects_or_one_definitions_function():
    """Dagster drops what lies loose beside a ``@dg.definitions`` unless it lists it."""
    for path in modules("defs"):
        tree = ast.parse(path.read_text())
        decorators = {
            ast.unparse(decorator).split("(")[0]
            for node in tree.body
            if isinstance(node, ast.FunctionDef)
            for decorator in node.decorator_list
        }
        loose = decorators & {
            "dg.asset",
            "dg.multi_asset",
            "dg.sensor",
            "dg.asset_check",
        }
        assert not (loose and "dg.definitions" in decorators), path.name
