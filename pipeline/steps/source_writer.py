"""Definitions written as what they are known by: their syntax, and in place of names what these refer to."""

import ast
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pipeline.steps.source_modules import Module, Target, imported, loaded
from pipeline.steps.source_syntax import bound_names, every_argument, fields, own_nodes, without_docstring

if TYPE_CHECKING:
    from pipeline.steps.source_code import SourceCode

LOGGERS, SAYING = {"log"}, {"debug", "info", "warning", "error", "exception", "critical"}  # what they say is no result


class Outside(NamedTuple):
    """A name of another package, in full."""

    name: str


class File(NamedTuple):
    """A file that a module names."""

    path: Path


Token = str | Target | Outside | File  # of a definition: a hash of its own syntax, or what a name of it refers to


class _Scope(NamedTuple):
    """Names of a function, a class or a comprehension: its own, what it imports, and those that it says are the module's."""

    bound: frozenset[str]
    imports: dict[str, Target]
    outermost: frozenset[str]
    is_class: bool


class Writer:
    """Writes syntax as tokens, with the names of a module looked up where no function has a name of its own for them."""

    def __init__(self, code: "SourceCode", module: Module) -> None:
        self._code = code
        self._module = module
        self._scopes: list[_Scope] = []
        self._pieces: list[str] = []
        self._tokens: list[Token] = []

    def written(self) -> list[Token]:
        """All that was written, texts as their hashes."""
        self._put(None)
        return self._tokens

    def define(self, statement: ast.stmt) -> None:
        """A definition without its own name."""
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            self._definition(statement, name="")
        elif isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None and not _is_of_several(statement):
            self.write(statement.value)
        else:
            self.write(statement)

    def refer(self, target: Target) -> None:
        """What a name stands for that is defined elsewhere."""
        self._put(self._code.resolve(target))

    def write(self, node: object) -> None:
        """Any syntax."""
        if isinstance(node, ast.Name):
            self._name(node)
        elif isinstance(node, ast.Constant):
            self._pieces.append(f"({node.value!r})")
            if isinstance(node.value, str) and (path := self._code.file_beside(self._module, node.value)):
                self._put(File(path))
        elif isinstance(node, ast.Attribute) and (target := self._of_module(node)) is not None:
            self.refer(target)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            self._definition(node, name=node.name)
        elif isinstance(node, ast.Lambda):
            self._within(node, [node.body], _arguments(node.args), before=_defaults(node.args))
        elif isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            bound = {name.id for each in node.generators for name in ast.walk(each.target) if isinstance(name, ast.Name)}
            self._within(node, [value for _, value in fields(node)], bound, before=[node.generators[0].iter])
        elif isinstance(node, ast.AnnAssign) and self._scopes and not self._scopes[-1].is_class:
            if node.value is not None:
                self.write(ast.Assign([node.target], node.value))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            self._import(node)
        elif _is_logging(node):
            return
        elif isinstance(node, ast.AST):
            self._pieces.append(f"({type(node).__name__}")
            for name, value in fields(node):
                self._pieces.append(f" {name}=")
                self.write(value)
            self._pieces.append(")")
        elif isinstance(node, list):
            self._pieces.append("[")
            for item in node:
                self.write(item)
                self._pieces.append(",")
            self._pieces.append("]")
        else:
            self._pieces.append(repr(node))

    def _put(self, token: Token | None) -> None:
        """What is no text, after the hash of the texts so far."""
        if self._pieces:
            self._tokens.append(sha256("".join(self._pieces).encode()).hexdigest())
            self._pieces = []
        if token is not None:
            self._tokens.append(token)

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, *, name: str) -> None:
        self._pieces.append(f"({type(node).__name__} {name}")
        self.write(node.decorator_list)
        body = without_docstring(node.body)
        if isinstance(node, ast.ClassDef):
            self.write([*node.bases, *node.keywords])
            self._scopes.append(_scope(body, (), self._module, is_class=True))
            for statement in body:
                self.write(statement)
            self._scopes.pop()
        else:
            self._within(node, body, _arguments(node.args), before=_defaults(node.args))
        self._pieces.append(")")

    def _within(self, node: ast.AST, inside: list, bound: Iterable[str], *, before: Iterable[object] = ()) -> None:
        """What stands inside a scope with names of its own; ``before`` is read outside of it."""
        self._pieces.append(f"({type(node).__name__}")
        for default in before:
            self.write(default)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            self._pieces.append(repr([argument.arg for argument in every_argument(node.args)]))
        self._scopes.append(_scope([statement for statement in inside if isinstance(statement, ast.stmt)], bound, self._module))
        for statement in inside:
            self.write(statement)
        self._scopes.pop()
        self._pieces.append(")")

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        """Where no function is, all that it names, because it stands in an ``if`` or a ``try``; elsewhere what it has done alone."""
        for name, target in imported(node, self._module.package).items():
            if not self._scopes:
                self._pieces.append(f"(import {name}")
                self.refer(target)
        for module, name in loaded(node, self._module.package):
            below = f"{module}.{name}" if self._code.module(f"{module}.{name}") else module
            for effects in self._code.effects_of(below):
                self._put(effects)

    def _name(self, node: ast.Name) -> None:
        own = self._scopes[-1] if self._scopes else None
        if own is not None and own.is_class and node.id in own.bound:
            self._pieces.append(f"'{node.id}'")
            if isinstance(node.ctx, ast.Store):
                return  # what a class reads may be the name outside of it, as long as it has none of its own
        if (target := self._target(node.id)) is None:
            self._pieces.append(f"'{node.id}'")
        else:
            self.refer(target)

    def _target(self, name: str) -> Target | None:
        """What a name refers to outside of every function; None: a name of a function, or one of Python's."""
        for depth, scope in enumerate(reversed(self._scopes)):
            if scope.is_class and depth:
                continue  # a class's own names are not seen from inside its functions
            if name in scope.imports:
                return scope.imports[name]
            if name in scope.outermost:
                break
            if name in scope.bound and not scope.is_class:
                return None
        if name in self._module.definitions:
            return (self._module.name, name)
        return self._module.imports.get(name)

    def _of_module(self, node: ast.Attribute) -> Target | None:
        """``cli.run`` where ``cli`` is a module of ours, or ``imharmony.cli.run``: what is meant is in that module."""
        if isinstance(node.value, ast.Attribute):
            target = self._of_module(node.value)
        else:
            target = self._target(node.value.id) if isinstance(node.value, ast.Name) else None
        if target is None:
            return None
        found = self._code.resolve(target)
        return (found[0], node.attr) if not isinstance(found, Outside) and found[1] == "" else None


def _scope(body: Iterable[ast.stmt], bound: Iterable[str], module: Module, *, is_class: bool = False) -> _Scope:
    own = [found for statement in body for found in own_nodes(statement)]
    imports: dict[str, Target] = {}
    for found in own:
        if isinstance(found, ast.Import | ast.ImportFrom):
            imports |= imported(found, module.package)
    outermost = frozenset(name for found in own if isinstance(found, ast.Global) for name in found.names)
    return _Scope(frozenset(bound) | bound_names(own), imports, outermost, is_class)


def _arguments(arguments: ast.arguments) -> set[str]:
    return {argument.arg for argument in every_argument(arguments)}


def _defaults(arguments: ast.arguments) -> list[object]:
    counts = f"{len(arguments.posonlyargs)} {len(arguments.args)} {len(arguments.kwonlyargs)} {arguments.vararg is not None}"
    return [counts, arguments.defaults, arguments.kw_defaults]


def _is_of_several(statement: ast.stmt) -> bool:
    """Whether one statement defines several names: which is which matters then."""
    return isinstance(statement, ast.Assign) and not isinstance(statement.targets[0], ast.Name)


def _is_logging(node: object) -> bool:
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute)):
        return False
    said = node.value.func
    return isinstance(said.value, ast.Name) and said.value.id in LOGGERS and said.attr in SAYING
