"""Python's syntax trees, the same for every version of Python: what says something, and which names it gives values."""

import ast
from collections.abc import Iterable, Iterator

UNSEEN = {"ctx", "kind", "type_comment", "type_ignores", "type_params", "lineno", "col_offset", "end_lineno", "end_col_offset"}


def fields(node: ast.AST) -> Iterator[tuple[str, object]]:
    """The parts of syntax that say something, the same in every version of Python."""
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(node, ast.JoinedStr):  # Python 3.12 ends some with an empty text
            value = [part for part in node.values if not (isinstance(part, ast.Constant) and part.value == "")]
        if name not in UNSEEN and value is not None and value != []:
            yield name, value


def dumped(node: object) -> str:
    """Syntax as a text, the same in every version of Python."""
    if isinstance(node, ast.AST):
        return f"({type(node).__name__} {' '.join(f'{name}={dumped(value)}' for name, value in fields(node))})"
    return f"[{','.join(map(dumped, node))}]" if isinstance(node, list) else repr(node)


def without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0] if body else None
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    return body[1:] if is_docstring else body


def every_argument(arguments: ast.arguments) -> list[ast.arg]:
    several = [argument for argument in (arguments.vararg, arguments.kwarg) if argument is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *several]


def own_nodes(statement: ast.AST) -> Iterator[ast.AST]:
    """A statement's syntax without that of functions and classes inside it, whose names are theirs."""
    waiting = [statement]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.comprehension):
                waiting += [found for found in ast.walk(child) if isinstance(found, ast.NamedExpr)]
            elif not isinstance(child, ast.expr_context | ast.operator | ast.cmpop | ast.boolop | ast.unaryop | ast.Constant):
                waiting.append(child)


def bound_names(nodes: Iterable[ast.AST]) -> set[str]:
    """The names that a function's own syntax gives a value."""
    bound, elsewhere = set[str | None](), set[str]()
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
            bound.add(node.name)
        elif isinstance(node, ast.MatchMapping):
            bound.add(node.rest)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            elsewhere |= set(node.names)
    return {name for name in bound if name is not None} - elsewhere
