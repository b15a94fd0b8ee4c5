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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from pipeline.steps.source_modules import Module, Target, parsed, with_packages
from pipeline.steps.source_syntax import dumped, without_docstring
from pipeline.steps.source_writer import File, Outside, Token, Writer

Choices = Mapping[Target, frozenset[str]]  # of tables, the keys that are used
FILES = {".py", ".js", ".css", ".html", ".j2", ".yaml", ".csv", ".json"}
EFFECTS = "<effects>"  # in place of a name: what a module does when it is imported


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
            loaded = dict.fromkeys(with_packages(module))
            waiting = deque(loaded)
            while waiting:
                found = self.module(waiting.popleft())
                for load in found.loads if found else ():
                    below = ".".join(load) if self.module(".".join(load)) else load[0]
                    new = [each for each in with_packages(below) if each not in loaded]
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
            is_named = bool(self._left_out & {*with_packages(target[0]), ".".join(target)})
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
        writer = Writer(self, module)
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
        return None if path is None else parsed(name, path)

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
            node.body = without_docstring(node.body) or [ast.Pass()]
    return dumped(tree.body).encode()


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


def _is_package(path: Path) -> bool:
    return path.is_dir() and (path / "__init__.py").exists()
