"""``defaults`` of ``params.yaml`` under what profiles and variants say themselves.

A section's own value replaces the default; sections within are taken key by key, everything else (numbers, texts, lists, null) whole.
"""

from collections.abc import Mapping
from typing import Any

Tree = dict[str, Any]
OF_PROFILES = ("stand_ins", "training", "backbone", "intrinsic", "evaluation", "blind", "matting", "clips", "threads")


def with_defaults(tree: Tree) -> Tree:
    """The tree of ``params.yaml`` with its ``defaults`` filled in, less what was filled in; what is no tree is left for the check."""
    defaults = tree.get("defaults") or {}
    if not isinstance(defaults, Mapping):
        return tree
    filled = {key: value for key, value in tree.items() if key != "defaults"}
    if isinstance(tree.get("catalogue"), Mapping):
        filled["catalogue"] = {name: over(defaults.get("variant", {}), own) for name, own in tree["catalogue"].items()}
    if isinstance(tree.get("profiles"), Mapping):
        filled["profiles"] = {name: _profile(defaults, own) for name, own in tree["profiles"].items()}
    known = {*OF_PROFILES, "variant", "dataset", "datasets"}
    if left := {key: value for key, value in defaults.items() if key not in known}:
        filled["defaults"] = left  # `variants` and `systems`; another is refused by the check, as any key that nobody knows
    return filled


def over(default: Any, own: Any) -> Any:
    """What a section says, over the default."""
    if not (isinstance(default, Mapping) and isinstance(own, Mapping)):
        return own
    return {**default, **{key: over(default.get(key), value) for key, value in own.items()}}


def _profile(defaults: Mapping[str, Any], own: Any) -> Any:
    if not isinstance(own, Mapping):
        return own
    filled = over({key: defaults[key] for key in OF_PROFILES if key in defaults}, own)
    if isinstance(own.get("datasets"), Mapping):
        every, each = defaults.get("dataset", {}), defaults.get("datasets") or {}
        if not isinstance(each, Mapping):
            return over(filled, {"datasets": each})  # refused by the check
        filled["datasets"] = {name: over(over(every, each.get(name, {})), chosen) for name, chosen in own["datasets"].items()}
    return filled


def place_of(location: tuple[Any, ...], tree: Tree) -> tuple[Any, ...]:
    """Where the user finds what is wrong at a ``location`` of the filled tree: there, or in the defaults it was filled in from."""
    if not isinstance(tree, Mapping):
        return location
    defaults = tree.get("defaults") or {}
    rest = location[2:]
    candidates = {
        "profiles": [("defaults", *rest), *([("defaults", "dataset", *rest[2:])] if rest[:1] == ("datasets",) else [])],
        "catalogue": [("defaults", "variant", *rest)],
    }.get(location[0] if len(location) > 2 else "", [])
    if not candidates or _is_in(tree, location):
        return location
    return next((place for place in candidates if len(place) > 1 and _is_in({"defaults": defaults}, place)), location)


def _is_in(tree: Any, location: tuple[Any, ...]) -> bool:
    for key in location:
        holds = key in tree if isinstance(tree, Mapping) else isinstance(tree, list) and isinstance(key, int) and key < len(tree)
        if not holds:
            return False
        tree = tree[key]
    return True
