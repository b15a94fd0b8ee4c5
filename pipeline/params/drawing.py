"""``python -m pipeline draw``: which variants and systems are trained. The lists in ``params.yaml`` are rewritten, all else is kept."""

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from imharmony.errors import InputError
from imharmony.storage.files import write_text
from pipeline.params.file import PARAMS_FILE, Params, parse_params
from pipeline.params.profiles import DrawnSystems
from pipeline.params.systems import CatalogueOfSystems
from pipeline.params.yaml_files import read_text

ALL, DEFAULT = "all", "default"
WIDEST = 140  # of a line
SYSTEMS = tuple(DrawnSystems.model_fields)  # their kinds


def draw(asked: Sequence[str], path: Path = PARAMS_FILE) -> Params:
    """Rewrites ``variants`` and the lines of systems, and the lists that these need or no longer need; returns what the file says.

    ``asked`` are names of the catalogue, patterns (``fcn_*``), systems (``joint.separate``, ``blind.*``), ``all``, or ``default``
    for the lists of ``defaults``. Systems stay as they are where none are asked for. The harmonizers that systems are made of are drawn
    behind the variants. Where the new lists cannot be run the file stays as it is, and an ``InputError`` says why.
    """
    text = read_text(path)
    without = _with_lists(text, {"variants": []})  # whatever the list was
    for kind in SYSTEMS:
        without = _with_value(without, kind, "{}")
    drawn_nothing = parse_params(without, path)
    variants, systems = _names(asked, drawn_nothing)
    if systems:
        for kind in SYSTEMS:
            text = _with_value(text, kind, _aliases(text, kind, [name for name in systems if name.startswith(f"{kind}.")]))
    needed = [name for name in _harmonizers(text) if name in drawn_nothing.catalogue]
    params = drawn_nothing.model_copy(update={"variants": list(dict.fromkeys([*variants, *needed]))})
    own = {"variants": params.variants, **params.prerequisites.fitting()}
    changed = _with_lists(text, {key: names for key, names in own.items() if key == "variants" or names != getattr(params, key)})
    found = parse_params(changed, path)
    write_text(path, changed)
    return found


def _names(asked: Sequence[str], params: Params) -> tuple[list[str], list[str]]:
    """Variants, and systems behind their kinds: each once, in the order that they were asked for in."""
    of_systems = _paths(params.systems)
    defaults = [*params.defaults.variants, *_paths(params.defaults.systems)]
    found: dict[str, None] = {}
    for one in (each for name in asked for each in (defaults if name == DEFAULT else [name])):
        matching = [name for name in (*params.catalogue, *of_systems) if one == ALL or fnmatchcase(name, one)]
        if not matching:
            known = f"{ALL}, {DEFAULT} or some of {sorted(params.catalogue)}, the sections of `catalogue` in {PARAMS_FILE}"
            raise InputError(f"variant is {one!r}; expected {known}{f'; or of {of_systems}, those of `systems`' if of_systems else ''}")
        found |= dict.fromkeys(matching)
    return [name for name in found if name in params.catalogue], [name for name in found if name in of_systems]


def _paths(systems: CatalogueOfSystems | DrawnSystems) -> list[str]:
    return [f"{kind}.{name}" for kind in SYSTEMS for name in getattr(systems, kind)]


def _harmonizers(text: str) -> list[str]:
    """What the sections of systems name, whether it is there or not."""
    sections = [value for own, value in _pairs(_root(text)) if own.value in SYSTEMS]
    systems = [system for section in sections for _, system in _pairs(section)]
    return [str(value.value) for system in systems for own, value in _pairs(system) if own.value == "harmonizer"]


def _aliases(text: str, kind: str, paths: Sequence[str]) -> str:
    """Systems by the anchors that they have in ``systems``."""
    of_kind = next((value for own, value in _pairs(_at(text, "systems")) if own.value == kind), None)
    anchors = {f"{kind}.{own.value}": value.anchor for own, value in _pairs(of_kind)}
    lacking = [path for path in paths if anchors[path] is None]
    if lacking:
        raise InputError(f"systems.{lacking[0]} has no anchor; expected &NAME behind its key, by which `{kind}` can name it")
    return _flow(kind, [f"{path.partition('.')[2]}: *{anchors[path]}" for path in paths], "{}")


def _with_value(text: str, key: str, value: str) -> str:
    """The text with another value, a mapping in one line, under a key of its top level."""
    for own, old in _pairs(_root(text)):
        if own.value == key:
            return f"{text[: own.end_mark.index]}: {value}{text[_end_of(old, own, text) :]}"
    return text


def _root(text: str) -> Node | None:
    return YAML(typ="safe", pure=True).compose(text)


def _at(text: str, key: str) -> Node | None:
    return next((value for own, value in _pairs(_root(text)) if own.value == key), None)


def _pairs(node: Node | None) -> Sequence[tuple[Node, Node]]:
    return node.value if isinstance(node, MappingNode) else ()


def _with_lists(text: str, lists: Mapping[str, Sequence[str]]) -> str:
    """The text with other lists under these keys of its top level; a key that is not there is left for the check."""
    for key, names in lists.items():
        text = _with_value(text, key, _flow(key, names))
    return text


def _end_of(value: Node, key: Node, text: str) -> int:
    """Where a value ends; one of lines is said to end where the next key begins, behind comments that are no part of it."""
    begin = key.end_mark.index
    if alias := re.match(r":\s*\*[^\s#]+", text[begin:]):  # it was composed where its anchor is
        return begin + alias.end()
    if not isinstance(value, MappingNode | SequenceNode) or value.flow_style or not value.value:
        return value.end_mark.index
    if isinstance(value, SequenceNode):  # its lines may begin where its key does
        return value.value[-1].end_mark.index
    lines = text[begin : value.end_mark.index].splitlines(keepends=True)
    last = max(place for place, line in enumerate(lines) if line.startswith(" ") and not line.strip().startswith("#") and line.strip())
    return begin + len("".join(lines[: last + 1]).rstrip())


def _flow(key: str, entries: Sequence[str], brackets: str = "[]") -> str:
    """``[a, b]``, in as many lines as it takes after its key."""
    lines = [f"{key}: {brackets[0]}"]
    for entry in entries:
        words = f"{entry}{brackets[1] if entry == entries[-1] else ','}"
        if len(lines[-1]) + len(words) + 1 > WIDEST:
            lines.append(f"  {words}")
        else:
            lines[-1] += words if lines[-1].endswith(brackets[0]) else f" {words}"
    return "\n".join(lines).removeprefix(f"{key}: ") if entries else brackets
