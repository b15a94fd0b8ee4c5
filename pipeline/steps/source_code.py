"""Which definitions of ours a function runs, and a hash of them that names, places, comments and formatting do not change.

Code is followed by definition: from a function to what its names refer to, through imports, and on. A definition counts as its syntax
tree without docstrings, annotations of functions, comments and layout; a name in it that refers to another definition counts as that
definition. So what a private helper is called, and which module it lies in, leave the hash as it is; what it does not.
A table of choices (``GENERATORS = {"unet": ..., }``) counts only as far as it is used, where the caller knows which entries are.
Names that are looked up when the program runs (an attribute of an object, ``getattr``) are not followed: an object's class is, by the
name that made it. What a module does when it is imported counts wherever it is, directly or not. A file whose name stands in a module
beside it (a script, a template, a table) counts as its bytes.
"""

import ast
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

Target = tuple[str, str]  # module, name in it; "" is the module as a whole
Choices = Mapping[Target, frozenset[str]]  # of tables, the keys that are used
FILES = {".py", ".js", ".css", ".html", ".j2", ".yaml", ".csv", ".json"}
LOGGERS, SAYING = {"log"}, {"debug", "info", "warning", "error", "exception", "critical"}  # what they say is no result
DEFINING = (  # statements that do nothing themselves, or hold others that are looked at
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Pass, ast.If, ast.Try),
)
EFFECTS = "<effects>"  # in place of a name: what a module does when it is imported
UNSEEN = {"ctx", "kind", "type_comment", "type_ignores", "type_params", "lineno", "col_offset", "end_lineno", "end_col_offset"}


class Outside(NamedTuple):
    """A name of another package, in full."""

    name: str


class File(NamedTuple):
    """A file that a module names."""

    path: Path


Token = str | Target | Outside | File  # of a definition: a hash of its own syntax, or what a name of it refers to


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


@dataclass(frozen=True)
class Trace:
    """What a function runs: a hash of it all, the definitions by module, the packages of others, and files that are named."""

    code: str
    definitions: frozenset[Target]
    packages: frozenset[str]
    files: frozenset[Path]


class SourceCode:
    """The source files below a folder, of the packages ``ours``; ``left_out`` are modules, packages or definitions that never count."""

    def __init__(self, root: Path, ours: Iterable[str], *, left_out: Iterable[str] = ()) -> None:
        self._root = root
        self._ours = frozenset(ours)
        self._left_out = frozenset(left_out)
        self._modules: dict[str, Module | None] = {}
        self._tokens: dict[tuple[Target, frozenset[str] | None], list[Token]] = {}
        self._digests: dict[Path, str] = {}
        self._effects: dict[str, list[Target]] = {}
        self._counts: dict[Target, bool] = {}
        self._beside: dict[Path, dict[str, Path]] = {}

    def trace(self, module: str, function: str, *, choices: Choices | None = None) -> Trace:
        """Everything that ``function`` of ``module`` runs. A ``ValueError`` says what is not there."""
        if (found := self.module(module)) is None or function not in found.definitions:
            raise ValueError(f"{module}.{function}: no such definition below {self._root}")
        numbers: dict[Target, int] = {(module, function): 0}  # in the order of being met: all that a definition is known by
        waiting = deque(numbers)
        digest, packages, files = sha256(), set[str](), set[Path]()

        def number_of(target: Target) -> int:
            if target not in numbers:
                numbers[target] = len(numbers)
                waiting.append(target)
            return numbers[target]

        while waiting:
            target = waiting.popleft()
            for effects in self.effects_of(target[0]):
                digest.update(f"<{number_of(effects)}>".encode())
            for token in self._tokens_of(target, (choices or {}).get(target)):
                if isinstance(token, Outside):
                    packages.add(token.name.partition(".")[0])
                    digest.update(f"<{token.name}>".encode())
                elif isinstance(token, File):
                    files.add(token.path)
                    digest.update(self._digest_of(token.path).encode())
                elif isinstance(token, str):
                    digest.update(token.encode())
                else:
                    digest.update(b"<>" if self._is_left_out(token) else f"<{number_of(token)}>".encode())
            digest.update(b"\n")
        return Trace(digest.hexdigest(), frozenset(numbers), frozenset(packages), frozenset(files))

    def module(self, name: str) -> Module | None:
        """A module or package of ours, parsed; None if there is no such file."""
        if name not in self._modules:
            self._modules[name] = self._parsed(name)
        return self._modules[name]

    def resolve(self, target: Target) -> Target | Outside:
        """Where a name is defined that a module may only have imported; a name of another package, in full."""
        seen: set[Target] = set()
        while True:
            module, name = target
            if module.partition(".")[0] not in self._ours:
                return Outside(f"{module}.{name}" if name else module)
            if target in seen:
                raise ValueError(f"{module}.{name}: imported in a circle")
            seen.add(target)
            if name and self.module(f"{module}.{name}") is not None:
                return (f"{module}.{name}", "")
            found = self.module(module)
            if found is None:
                raise ValueError(f"{module}: no such module below {self._root}")
            if not name or name in found.definitions:
                return target
            if name not in found.imports:
                return (module, "")  # made when the program runs: then all of the module counts
            target = found.imports[name]

    def effects_of(self, module: str) -> list[Target]:
        """What is done when a module is imported: by it, the packages that it lies in, and all that these import."""
        if module not in self._effects:
            loaded = dict.fromkeys(_with_packages(module))
            waiting = deque(loaded)
            while waiting:
                found = self.module(waiting.popleft())
                for load in found.loads if found else ():
                    below = ".".join(load) if self.module(".".join(load)) else load[0]
                    new = [each for each in _with_packages(below) if each not in loaded]
                    loaded |= dict.fromkeys(new)
                    waiting.extend(new)
            self._effects[module] = [(name, EFFECTS) for name in loaded if self._has_effects(name)]
        return self._effects[module]

    def _has_effects(self, module: str) -> bool:
        found = self.module(module)
        return found is not None and bool(found.effects) and not self._is_left_out((module, EFFECTS))

    def _is_left_out(self, target: Target) -> bool:
        """Whether it does not count; what is left out has constants too, which count: another one of them is another value."""
        if target not in self._counts:
            is_named = bool(self._left_out & {*_with_packages(target[0]), ".".join(target)})
            self._counts[target] = is_named and not self._is_constant(target)
        return self._counts[target]

    def _is_constant(self, target: Target) -> bool:
        module = self.module(target[0])
        statements = module.definitions.get(target[1], []) if module else []
        return bool(statements) and all(isinstance(statement, ast.Assign | ast.AnnAssign) for statement in statements)

    def _tokens_of(self, target: Target, chosen: frozenset[str] | None) -> list[Token]:
        if (target, chosen) not in self._tokens:
            self._tokens[target, chosen] = self._read(target, chosen)
        return self._tokens[target, chosen]

    def _read(self, target: Target, chosen: frozenset[str] | None) -> list[Token]:
        module = self.module(target[0])
        if module is None:
            return []
        if target[1] == "":
            return [(target[0], name) for name in module.definitions]
        writer = _Writer(self, module)
        if target[1] == EFFECTS:
            writer.write(module.effects)
        else:
            for statement in module.definitions[target[1]]:
                writer.define(statement if chosen is None else _restricted(statement, chosen, target))
            if target[1] in module.imports:  # defined by what was imported under the same name
                writer.refer(module.imports[target[1]])
        return writer.written()

    def file_beside(self, module: Module, name: str) -> Path | None:
        """A file or folder of this name in the folder of a module, if it is one that counts."""
        folder = module.path.parent
        if folder not in self._beside:
            found = [path for path in folder.iterdir() if path.suffix in FILES or (path.is_dir() and not _is_package(path))]
            self._beside[folder] = {path.name: path for path in found if path.name != "__pycache__"}
        path = self._beside[folder].get(name)
        return None if path == module.path else path

    def _parsed(self, name: str) -> Module | None:
        if name.partition(".")[0] not in self._ours:
            return None
        place = self._root.joinpath(*name.split("."))
        path = next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()), None)
        if path is None:
            return None
        module = Module(name, path)
        _sort(ast.parse(path.read_bytes()).body, module)
        return module

    def _digest_of(self, path: Path) -> str:
        if path not in self._digests:
            files = sorted(file for file in path.rglob("*") if file.suffix in FILES) if path.is_dir() else [path]
            texts = [f"<{file.relative_to(path.parent).as_posix()} {sha256(_plain(file)).hexdigest()}>" for file in files]
            self._digests[path] = "".join(texts)
        return self._digests[path]


def _plain(path: Path) -> bytes:
    """A file's bytes; of a script its syntax, without comments and docstrings."""
    if path.suffix != ".py":
        return path.read_bytes()
    tree = ast.parse(path.read_bytes())
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = _without_docstring(node.body) or [ast.Pass()]
    return _dumped(tree.body).encode()


def _dumped(node: object) -> str:
    """Syntax as a text, the same in every version of Python."""
    if isinstance(node, ast.AST):
        return f"({type(node).__name__} {' '.join(f'{name}={_dumped(value)}' for name, value in _fields(node))})"
    return f"[{','.join(map(_dumped, node))}]" if isinstance(node, list) else repr(node)


def _sort(body: Iterable[ast.stmt], module: Module) -> None:
    """A module's statements by what they are: imports, definitions, effects. One that holds others is each that they are."""
    for statement in body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            module.imports.update(_imported(statement, module.package))
            module.loads += _loaded(statement, module.package)
        elif isinstance(statement, ast.If) and _is_for_checkers_or_main(statement.test):
            for node in statement.body:
                if isinstance(node, ast.Import | ast.ImportFrom):
                    module.imports.update(_imported(node, module.package))
            _sort(statement.orelse, module)
        else:
            parts = list(_own_nodes(statement))
            for node in parts:
                if isinstance(node, ast.Import | ast.ImportFrom):
                    module.loads += _loaded(node, module.package)
            for name in _given(parts):
                module.definitions.setdefault(name, []).append(statement)
            if any(isinstance(node, ast.stmt) and not isinstance(node, DEFINING) and not _defines(node) for node in parts):
                module.effects.append(statement)


def _with_packages(module: str) -> list[str]:
    """A module after the packages that it lies in, as they are imported."""
    parts = module.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts) + 1)]


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
            names |= dict.fromkeys(_imported(node, ""))
        else:
            names |= dict.fromkeys(sorted(_bound([node])))
    return names


def _defines(node: ast.stmt) -> bool:
    """Whether a simple statement gives names values and does nothing else, or says nothing."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign | ast.AugAssign) else []
    places = [part for target in targets for part in ast.walk(target) if isinstance(part, ast.Attribute | ast.Subscript)]
    return bool(targets) and not places


def _imported(statement: ast.Import | ast.ImportFrom, package: str) -> dict[str, Target]:
    if isinstance(statement, ast.Import):
        return {
            alias.asname or alias.name.partition(".")[0]: (alias.name if alias.asname else alias.name.partition(".")[0], "")
            for alias in statement.names
        }
    return {alias.asname or alias.name: (_source(statement, package), alias.name) for alias in statement.names}


def _loaded(statement: ast.Import | ast.ImportFrom, package: str) -> list[Target]:
    """What an import has run: modules, and names of modules that may be modules themselves."""
    if isinstance(statement, ast.Import):
        return [(alias.name, "") for alias in statement.names]
    return [(_source(statement, package), alias.name) for alias in statement.names]


def _source(statement: ast.ImportFrom, package: str) -> str:
    above = package.split(".")[: len(package.split(".")) - statement.level + 1] if statement.level else []
    return ".".join([*above, *([statement.module] if statement.module else [])])


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0] if body else None
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    return body[1:] if is_docstring else body


def _restricted(statement: ast.stmt, chosen: frozenset[str], target: Target) -> ast.stmt:
    """A table with the chosen entries alone."""
    table = getattr(statement, "value", None)
    if not isinstance(table, ast.Dict):
        raise ValueError(f"{'.'.join(target)}: expected a table of choices, NAME = {{...}}")
    entries = [(key, value) for key, value in zip(table.keys, table.values, strict=True) if _key(key) is None or _key(key) in chosen]
    if missing := chosen - {_key(key) for key, _ in entries}:
        raise ValueError(f"{'.'.join(target)} has no {sorted(missing)}")
    ordered = sorted(entries, key=lambda entry: _key(entry[0]) or "")
    return ast.Expr(ast.Dict([key for key, _ in ordered], [value for _, value in ordered]))


def _key(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


class _Scope(NamedTuple):
    """Names of a function, a class or a comprehension: its own, what it imports, and those that it says are the module's."""

    bound: frozenset[str]
    imports: dict[str, Target]
    outermost: frozenset[str]
    is_class: bool


def _scope(body: Iterable[ast.stmt], bound: Iterable[str], module: Module, *, is_class: bool = False) -> _Scope:
    own = [found for statement in body for found in _own_nodes(statement)]
    imports: dict[str, Target] = {}
    for found in own:
        if isinstance(found, ast.Import | ast.ImportFrom):
            imports |= _imported(found, module.package)
    outermost = frozenset(name for found in own if isinstance(found, ast.Global) for name in found.names)
    return _Scope(frozenset(bound) | _bound(own), imports, outermost, is_class)


class _Writer:
    """Writes syntax as tokens, with the names of a module looked up where no function has a name of its own for them."""

    def __init__(self, code: SourceCode, module: Module) -> None:
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
            self._within(node, [value for _, value in _fields(node)], bound, before=[node.generators[0].iter])
        elif isinstance(node, ast.AnnAssign) and self._scopes and not self._scopes[-1].is_class:
            if node.value is not None:
                self.write(ast.Assign([node.target], node.value))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            self._import(node)
        elif _is_logging(node):
            return
        elif isinstance(node, ast.AST):
            self._pieces.append(f"({type(node).__name__}")
            for name, value in _fields(node):
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
        body = _without_docstring(node.body)
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
            self._pieces.append(repr([argument.arg for argument in _every_argument(node.args)]))
        self._scopes.append(_scope([statement for statement in inside if isinstance(statement, ast.stmt)], bound, self._module))
        for statement in inside:
            self.write(statement)
        self._scopes.pop()
        self._pieces.append(")")

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        """Where no function is, all that it names, because it stands in an ``if`` or a ``try``; elsewhere what it has done alone."""
        for name, target in _imported(node, self._module.package).items():
            if not self._scopes:
                self._pieces.append(f"(import {name}")
                self.refer(target)
        for module, name in _loaded(node, self._module.package):
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


def _is_of_several(statement: ast.stmt) -> bool:
    """Whether one statement defines several names: which is which matters then."""
    return isinstance(statement, ast.Assign) and not isinstance(statement.targets[0], ast.Name)


def _is_package(path: Path) -> bool:
    return path.is_dir() and (path / "__init__.py").exists()


def _fields(node: ast.AST) -> Iterator[tuple[str, object]]:
    """The parts of syntax that say something, the same in every version of Python."""
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(node, ast.JoinedStr):  # Python 3.12 ends some with an empty text
            value = [part for part in node.values if not (isinstance(part, ast.Constant) and part.value == "")]
        if name not in UNSEEN and value is not None and value != []:
            yield name, value


def _every_argument(arguments: ast.arguments) -> list[ast.arg]:
    several = [argument for argument in (arguments.vararg, arguments.kwarg) if argument is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *several]


def _arguments(arguments: ast.arguments) -> set[str]:
    return {argument.arg for argument in _every_argument(arguments)}


def _defaults(arguments: ast.arguments) -> list[object]:
    counts = f"{len(arguments.posonlyargs)} {len(arguments.args)} {len(arguments.kwonlyargs)} {arguments.vararg is not None}"
    return [counts, arguments.defaults, arguments.kw_defaults]


def _own_nodes(statement: ast.AST) -> Iterator[ast.AST]:
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


def _bound(nodes: Iterable[ast.AST]) -> set[str]:
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


def _is_logging(node: object) -> bool:
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute)):
        return False
    said = node.value.func
    return isinstance(said.value, ast.Name) and said.value.id in LOGGERS and said.attr in SAYING
