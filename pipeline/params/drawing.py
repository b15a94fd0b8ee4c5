"""``python -m pipeline draw``: which variants of the catalogue are trained. The list in ``params.yaml`` is rewritten, all else is kept."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from imharmony.errors import InputError
from imharmony.storage.files import write_text
from pipeline.params.file import PARAMS_FILE, Params, parse_params
from pipeline.params.yaml_files import read_text

ALL, DEFAULT = "all", "default"
WIDEST = 140  # of a line
OF_SYSTEMS = ("blind", "joint", "videos")  # whose sections name harmonizers


def draw(asked: Sequence[str], path: Path = PARAMS_FILE) -> Params:
    """Rewrites ``variants``, and with it the lists that these variants need or no longer need; returns what the file then says.

    ``asked`` are names of the catalogue, patterns of names (``fcn_*``), ``all``, or ``default`` for the list of ``defaults``.
    The harmonizers that systems in ``blind``, ``joint`` and ``videos`` are made of are drawn behind them. Where the new list cannot be
    run the file stays as it is, and an ``InputError`` says why.
    """
    text = read_text(path)
    without = _with_lists(text, {"variants": []})  # whatever the list was
    for key in OF_SYSTEMS:
        without = _without_sections(without, key)
    drawn_nothing = parse_params(without, path)
    needed = [name for name in _harmonizers(text) if name in drawn_nothing.catalogue]
    params = drawn_nothing.model_copy(update={"variants": list(dict.fromkeys([*_names(asked, drawn_nothing), *needed]))})
    own = {"variants": params.variants, **params.prerequisites.fitting()}
    changed = _with_lists(text, {key: names for key, names in own.items() if key == "variants" or names != getattr(params, key)})
    found = parse_params(changed, path)
    write_text(path, changed)
    return found


def _names(asked: Sequence[str], params: Params) -> list[str]:
    """Each once, in the order that they were asked for in."""
    found: dict[str, None] = {}
    for one in (each for name in asked for each in (params.defaults.variants if name == DEFAULT else [name])):
        matching = [name for name in params.catalogue if one == ALL or fnmatchcase(name, one)]
        if not matching:
            expected = f"{ALL}, {DEFAULT} or some of {sorted(params.catalogue)}"
            raise InputError(f"variant is {one!r}; expected {expected}, the sections of `catalogue` in {PARAMS_FILE}")
        found |= dict.fromkeys(matching)
    return list(found)


def _harmonizers(text: str) -> list[str]:
    """What the sections of systems name, whether it is there or not."""
    sections = [value for own, value in _pairs(YAML(typ="safe", pure=True).compose(text)) if own.value in OF_SYSTEMS]
    systems = [system for section in sections for _, system in _pairs(section)]
    return [str(value.value) for system in systems for own, value in _pairs(system) if own.value == "harmonizer"]


def _without_sections(text: str, key: str) -> str:
    """The text with nothing under this key of its top level."""
    for own, value in _pairs(YAML(typ="safe", pure=True).compose(text)):
        if own.value == key:
            return f"{text[: own.end_mark.index]}: {{}}\n{text[value.end_mark.index :]}"
    return text


def _pairs(node: Node | None) -> Sequence[tuple[Node, Node]]:
    return node.value if isinstance(node, MappingNode) else ()


def _with_lists(text: str, lists: Mapping[str, Sequence[str]]) -> str:
    """The text with other lists under these keys of its top level; a key that is not there is left for the check."""
    for key, names in lists.items():
        for own, value in _pairs(YAML(typ="safe", pure=True).compose(text)):
            if own.value == key:
                text = f"{text[: own.end_mark.index]}: {_flow(key, names)}{text[_end_of(value) :]}"
    return text


def _end_of(value: Node) -> int:
    """Where a value ends; a list of lines is said to end where the next key begins, behind comments that are no part of it."""
    in_lines = isinstance(value, SequenceNode) and not value.flow_style and value.value
    return (value.value[-1] if in_lines else value).end_mark.index


def _flow(key: str, names: Sequence[str]) -> str:
    """``[a, b]``, in as many lines as it takes after its key."""
    lines = [f"{key}: ["]
    for name in names:
        word = f"{name}{']' if name == names[-1] else ','}"
        if len(lines[-1]) + len(word) + 1 > WIDEST:
            lines.append(f"  {word}")
        else:
            lines[-1] += word if lines[-1].endswith("[") else f" {word}"
    return "\n".join(lines).removeprefix(f"{key}: ") if names else "[]"
