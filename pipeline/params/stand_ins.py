"""Which data set stands in for one that a profile does not have."""

from collections.abc import Mapping, Sequence

from pipeline.params.data import Dataset, Source

Names = Mapping[str, str]


def problem_of_stand_ins(key: str, stand_ins: Names, *, described: Sequence[str], known: Sequence[str]) -> str | None:
    """What is wrong with a profile's section ``key``: an entry for a name that nobody knows, or of one that cannot stand in.

    ``described`` are the profile's data sets, ``known`` those that any profile describes or any variant names.
    """
    for name, chosen in stand_ins.items():
        if name not in known:
            return f"{key} has {name!r}, which no variant names and no profile describes; expected one of {sorted(known)}"
        if chosen in stand_ins:
            return f"{key}.{name} is {chosen!r}, which has a stand-in itself; expected a data set without one, as the end of that chain"
        if chosen not in described:
            return f"{key}.{name} is {chosen!r}; expected a data set of that profile, one of {sorted(described)}"
    return None


def problem_of_names(profile: str, stand_ins: Names, wanted: Names, *, listed: Sequence[str]) -> str | None:
    """Why the active profile cannot train on a data set that a variant names; ``wanted`` are these, each with the key that names it."""
    key = f"profiles.{profile}.stand_ins"
    for name, chosen in stand_ins.items():
        if name in listed:
            return f"{key} has {name!r}, which `datasets` lists; expected an entry for what it lacks alone; remove one of the two"
        if name in wanted and chosen not in listed:
            return f"{key}.{name} is {chosen!r}, which `datasets` does not list; expected one of {list(listed)}; list it or choose another"
    return None


def problem_of_missing(
    profile: str, stand_ins: Names, wanted: Names, *, listed: Sequence[str], datasets: Mapping[str, Dataset], sources: Mapping[str, Source]
) -> str | None:
    """What to do about data sets that variants name and nothing has: list them and bring their archives, or let others stand in."""
    missing = [name for name in wanted if name not in listed and name not in stand_ins]
    if not missing:
        return None
    more = f" (that of others: {', '.join(missing[1:])})" if missing[1:] else ""
    came = f"{wanted[missing[0]]} is {missing[0]!r}{more}; expected one of {list(listed)}, as `datasets` lists them"
    entries = ", ".join(f"{name}: NAME" for name in missing)
    instead = f"let others stand in, profiles.{profile}.stand_ins: {{{entries}}}"
    here = [name for name in missing if name in datasets]
    if not here:
        return f"{came}; {instead}, or describe it in profiles.{profile}.datasets"
    needed = dict.fromkeys(datasets[name].source for name in here)
    listing = f"list {', '.join(here)} in `datasets` (and `preprocessed`, unless it is []) and {', '.join(needed)} in `sources`"
    return f"{came}; {listing}{_archives([sources[name] for name in needed if name in sources])}; or {instead}"


def _archives(sources: Sequence[Source]) -> str:
    """What to bring for sources that nobody serves, and where to."""
    folders: dict[str, list[str]] = {}
    for source in sources:
        if source.kind == "iharmony4":
            folders.setdefault(source.folder, []).append(source.subset)
    return "".join(f", with iHarmony4's archives {', '.join(subsets)} unpacked into {folder}" for folder, subsets in folders.items())
