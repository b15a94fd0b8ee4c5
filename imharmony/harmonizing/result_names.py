"""What the results of a folder are called: as the photographs are, in the same folders, and no two alike."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from imharmony.errors import InputError
from imharmony.harmonizing.pairing import OWN, Pair, Sought


def result_names(pairs: list[Pair], sought: Sought, ending_of: Callable[[Path], str]) -> list[Path | None]:
    """Where each pair's result goes, None where there is none; ``ending_of`` a photograph is that of its result.

    Where two would be alike (photo.jpg and photo.webp, both written as .png) they keep the ending of the photograph too. Raises an
    ``InputError`` where a result would still be another's, or an input.
    """
    end = OWN if sought.out.resolve() == sought.folder.resolve() else ""
    photos = [None if pair.why else pair.photo for pair in pairs]

    def name(pair: Pair, photo: Path, start: str) -> Path:
        return sought.out / photo.parent.relative_to(sought.folder) / f"{start}{pair.tail}{end}{ending_of(photo)}"

    short = [None if photo is None else name(pair, photo, photo.stem) for pair, photo in zip(pairs, photos, strict=True)]
    twice = _twice(short)
    names = [
        name(pair, photo, photo.name) if photo is not None and _plain(path) in twice else path
        for pair, photo, path in zip(pairs, photos, short, strict=True)
    ]
    inputs = {path.resolve() for pair in pairs for path in (pair.photo, *pair.masks) if path is not None}
    twice = _twice(names)
    for photo, path in zip(photos, names, strict=True):
        if path is not None and (_plain(path) in twice or path.resolve() in inputs):
            what = "another's result" if _plain(path) in twice else "an input"
            advice = "expected a name of its own; rename the photograph, or name another folder for the results"
            raise InputError(f"{photo}: its result would be {path}, which is {what}; {advice}")
    return names


def _twice(paths: list[Path | None]) -> set[str]:
    """Names that occur more than once, as disks see them that know no capitals."""
    return {name for name, count in Counter(_plain(path) for path in paths if path is not None).items() if count > 1}


def _plain(path: Path | None) -> str:
    return str(path).casefold()
