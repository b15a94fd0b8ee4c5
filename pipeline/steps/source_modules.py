"""A module of ours, sorted: what it imports, what it defines, and what it does when it is imported."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.steps.source_syntax import bound_names, own_nodes

Target = tuple[str, str]  # module, name in it; "" is the module as a whole
DEFINING = (  # statements that do nothing themselves, or hold others that are looked at
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Pass, ast.If, ast.Try),
)


@dataclass
class Module:
    """A parsed file: the statements that define each of its names, and those that do something."""

    name: str
    path: Path
    definitions: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imports: dict[str, Target] = field(default_factory=dict)  # a local name to module and name there
    loads: list[Target] = field(default_factory=list)  # of all imports those that are done when it is imported
    effects: list[ast.stmt] = field(default_factory=list)

    @property
    def package(self) -> str:
        """What its relative imports begin at."""
        return self.name if self.path.stem == "__init__" else self.name.rpartition(".")[0]


def parsed(name: str, path: Path) -> Module:
    """The module of this name that stands in a file."""
    module = Module(name, path)
    _sort(ast.parse(path.read_bytes()).body, module)
    return module


def _sort(body: Iterable[ast.stmt], module: Module) -> None:
    """A module's statements by what they are: imports, definitions, effects. One that holds others is each that they are."""
    for statement in body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            module.imports.update(imported(statement, module.package))
            module.loads += loaded(statement, module.package)
        elif isinstance(statement, ast.If) and _is_for_checkers_or_main(statement.test):
            for node in statement.body:
                if isinstance(node, ast.Import | ast.ImportFrom):
                    module.imports.update(imported(node, module.package))
            _sort(statement.orelse, module)
        else:
            parts = list(own_nodes(statement))
            for node in parts:
                if isinstance(node, ast.Import | ast.ImportFrom):
                    module.loads += loaded(node, module.package)
            for name in _given(parts):
                module.definitions.setdefault(name, []).append(statement)
            if any(isinstance(node, ast.stmt) and not isinstance(node, DEFINING) and not _defines(node) for node in parts):
                module.effects.append(statement)


def with_packages(module: str) -> list[str]:
    """A module after the packages that it lies in, as they are imported."""
    parts = module.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts) + 1)]


def imported(statement: ast.Import | ast.ImportFrom, package: str) -> dict[str, Target]:
    if isinstance(statement, ast.Import):
        return {
            alias.asname or alias.name.partition(".")[0]: (alias.name if alias.asname else alias.name.partition(".")[0], "")
            for alias in statement.names
        }
    return {alias.asname or alias.name: (_source(statement, package), alias.name) for alias in statement.names}


def loaded(statement: ast.Import | ast.ImportFrom, package: str) -> list[Target]:
    """What an import has run: modules, and names of modules that may be modules themselves."""
    if isinstance(statement, ast.Import):
        return [(alias.name, "") for alias in statement.names]
    return [(_source(statement, package), alias.name) for alias in statement.names]


def _source(statement: ast.ImportFrom, package: str) -> str:
    above = package.split(".")[: len(package.split(".")) - statement.level + 1] if statement.level else []
    return ".".join([*above, *([statement.module] if statement.module else [])])


def _is_for_checkers_or_main(test: ast.expr) -> bool:
    """Whether it is ``if TYPE_CHECKING`` or ``if __name__ == "__main__"``: what stands there is not run by who imports the module."""
    is_main = isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq)
    asked = test.left if is_main and isinstance(test, ast.Compare) else test
    return isinstance(asked, ast.Name) and asked.id == ("__name__" if is_main else "TYPE_CHECKING")


def _given(parts: Iterable[ast.AST]) -> dict[str, None]:
    """The names that the parts of a statement of a module define, in order."""
    names: dict[str, None] = {}
    for node in parts:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= dict.fromkeys(imported(node, ""))
        else:
            names |= dict.fromkeys(sorted(bound_names([node])))
    return names


def _defines(node: ast.stmt) -> bool:
    """Whether a simple statement gives names values and does nothing else, or says nothing."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign | ast.AugAssign) else []
    places = [part for target in targets for part in ast.walk(target) if isinstance(part, ast.Attribute | ast.Subscript)]
    return bool(targets) and not places
