"""What a benchmark takes from the project is there: nothing else runs them."""

import ast
import importlib
from importlib.util import find_spec
from types import ModuleType

import pytest

from tests.conftest import ROOT

OWN = ("benchmarks", "imharmony", "opinion_study", "pipeline", "reporting", "smoke", "stages")


def is_there(module: ModuleType, name: str) -> bool:
    """What `from module import name` finds: an attribute, or a module below, whether or not somebody has imported it before."""
    return hasattr(module, name) or (hasattr(module, "__path__") and find_spec(f"{module.__name__}.{name}") is not None)


@pytest.mark.parametrize("path", sorted((ROOT / "benchmarks").rglob("*.py")), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_a_benchmark_imports_of_the_project_is_there(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] in OWN:
            module = importlib.import_module(node.module)
            assert [alias.name for alias in node.names if not is_there(module, alias.name)] == [], node.module
