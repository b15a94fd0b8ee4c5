"""Small changes of real code that a review could miss: another number, operator or comparison, arguments in another order."""

import ast
import random
from collections.abc import Callable, Iterator
from pathlib import Path

from pipeline.steps.source_writer import SAYING

OPERATORS: dict[type[ast.operator], type[ast.operator]] = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    **{ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt},
    **{ast.Eq: ast.NotEq, ast.NotEq: ast.Eq},
}


def mutated(path: Path, *, lines: range, rng: random.Random) -> str | None:
    """The text of a file with one such change within lines, and None where nothing there can be changed so."""
    tree = ast.parse(path.read_text())
    changes = [change for node in _run(tree) if getattr(node, "lineno", 0) in lines for change in _changes(node)]
    if not changes:
        return None
    rng.choice(changes)()
    return ast.unparse(tree)


def _run(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of syntax that are run: neither annotations of functions nor what is said in the log."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SAYING:
        return
    yield node
    for name, value in ast.iter_fields(node):
        if name not in {"annotation", "returns"}:
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from _run(child)


def _changes(node: ast.AST) -> Iterator[Callable[[], None]]:
    if isinstance(node, ast.Constant) and type(node.value) in {int, float}:
        yield lambda: setattr(node, "value", node.value + 1)
    elif isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        yield lambda: setattr(node, "op", OPERATORS[type(node.op)]())
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
        yield lambda: node.ops.__setitem__(0, COMPARISONS[type(node.ops[0])]())
    elif isinstance(node, ast.Call) and len(node.args) > 1 and ast.dump(node.args[0]) != ast.dump(node.args[1]):
        yield lambda: node.args.__setitem__(slice(2), node.args[1::-1])
