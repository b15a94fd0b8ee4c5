"""What is written of a film: a video's file of a video's file, a folder of a folder. Both are there whole or, until then, as pieces.

A piece is what was made of one frame. Of a folder it is the file that will be in the folder; of a video's file it is a PNG of the part
of the frame that changes, for all else is in the video still.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from imharmony.errors import InputError
from imharmony.harmonizing.api import Proposal, region_of
from imharmony.harmonizing.film_files import COPIED, FORMATS, expect_even, expect_video_ending, with_sound, write_video
from imharmony.harmonizing.film_pairs import Pairs
from imharmony.harmonizing.film_work import Work
from imharmony.harmonizing.films import VIDEOS, Film, frames_in
from imharmony.harmonizing.offers import Direction
from imharmony.harmonizing.photo_file import Given, encoded
from imharmony.pictures.images import encode_png, read_rgb
from imharmony.pictures.photo_files import read_photograph, srgb_of
from imharmony.pictures.saving import ENDINGS, encode_photograph
from imharmony.storage.files import atomic_path, write_bytes
from imharmony.storage.places import expect_place

Step = Callable[[], object]


class FilmOutput(NamedTuple):
    """Where a film goes."""

    path: Path
    pairs: Pairs
    direction: Direction

    def has(self, work: Work, index: int) -> bool:
        """Whether what is made of a frame is there: as a piece, or moved to its place already."""
        piece = self.piece(work, index)
        return piece.is_file() or (work.is_moving and (self.path / piece.name).is_file())

    def piece(self, work: Work, index: int) -> Path:
        """Where what is made of a frame lies until all are made."""
        film = self.pairs.film
        return work.piece(name_in_folder(film.frames[index]) if film.is_folder else f"{index:08d}.png")

    def keep(self, work: Work, index: int, given: Given, proposal: Proposal, strength: float) -> None:
        """Writes what is made of a frame."""
        path = self.piece(work, index)
        if self.pairs.film.is_folder:
            write_bytes(path, encoded(given.photograph, proposal, strength, path))
        else:
            write_bytes(path, encode_png(np.ascontiguousarray(proposal.picture(strength)[changing(proposal.region)])))

    def expect_encodable(self, work: Work) -> None:
        """Raises an ``InputError`` before any work where a file of this size and rate cannot be written."""
        film = self.pairs.film
        if not film.is_folder and film.size is not None:
            tried = work.folder / f"tried{self.path.suffix.lower()}"
            black = np.zeros((film.size[1], film.size[0], 3), np.uint8)
            write_video(tried, iter([black, black]), frame_rate=film.frame_rate)
            tried.unlink()

    def finish(self, work: Work, *, is_left: bool, step: Step) -> str | None:
        """Writes the film of its pieces, all of it as it was if it ``is_left``; what is said of the sound, None of a folder."""
        return self._folder(work, is_left, step) if self.pairs.film.is_folder else self._file(work, is_left, step)

    def _folder(self, work: Work, is_left: bool, step: Step) -> None:
        work.begin_moving()
        for index, (frame, asked) in enumerate(zip(self.pairs.film.frames, work.asked, strict=True)):
            piece = self.piece(work, index)
            target = self.path / piece.name
            if is_left or asked.is_empty:
                _copy(frame, target)
            elif piece.is_file():  # or it has been moved
                write_bytes(target, piece.read_bytes())
                piece.unlink()
            step()

    def _file(self, work: Work, is_left: bool, step: Step) -> str:
        film, ending = self.pairs.film.path, self.path.suffix
        if is_left and film.suffix.lower() == ending.lower():
            with atomic_path(self.path) as temporary:
                shutil.copyfile(film, temporary)
            return COPIED
        made = work.folder / f"film{ending.lower()}"
        write_video(made, self._frames(work, is_left, step), frame_rate=self.pairs.film.frame_rate)
        sound = with_sound(made, film)
        with atomic_path(self.path) as temporary:
            made.replace(temporary)
        return sound

    def _frames(self, work: Work, is_left: bool, step: Step) -> Iterator[np.ndarray]:
        for index, given in enumerate(self.pairs.read()):
            if given is not None:
                pixels, piece = given.photograph.colours, self.piece(work, index)
                if not is_left and not work.asked[index].is_empty:
                    pixels[changing(region_of(given.matte, self.direction))] = read_rgb(piece)
                yield pixels
                step()


def output_of(pairs: Pairs, out: Path | None, *, direction: Direction, inputs: Iterable[Path]) -> FilmOutput:
    """Where a film goes, by default beside it; raises an ``InputError`` where it cannot be written there."""
    film, masks = pairs.film, pairs.masks
    ending = "" if film.is_folder else film.path.suffix if film.path.suffix.lower() in FORMATS else ".mp4"
    place = film.path if film.path.name else film.path.resolve()
    path = place.with_name(f"{place.name if film.is_folder else place.stem}_harmonized{ending}") if out is None else out
    path = path if path.name not in ("", "..") else path.resolve()
    if film.is_folder:
        _expect_folder(path, film, masks.path)
    else:
        expect_video_ending(path)
        expect_even(film.size or (0, 0), film.path)
        expect_place(path, inputs=[film.path, masks.path, *masks.files, *inputs])
    return FilmOutput(path, pairs, direction)


def _expect_folder(path: Path, film: Film, masks: Path) -> None:
    came = f"frames in {film.path} become a folder of frames"
    if path.suffix.lower() in VIDEOS:
        raise InputError(f"{path}: the name of a video's file, but {came}; expected the name of a folder; leave out {path.suffix}")
    if path.exists() and not path.is_dir():
        raise InputError(f"{path}: a file, but {came}; expected the name of a folder; name another")
    if path.is_dir() and any(each.is_dir() and path.samefile(each) for each in (film.path, masks)):
        raise InputError(f"{path}: is also what is read, and would be lost; expected a folder of its own; name another")
    names: dict[str, Path] = {}
    for frame in film.frames:
        other = names.setdefault(name_in_folder(frame), frame)
        if other != frame:
            raise InputError(f"{frame}: would be written as {name_in_folder(frame)}, as {other.name}; expected one of them; move it away")
    strangers = [each.name for each in frames_in(path, least=0) if each.name not in names] if path.is_dir() else []
    if strangers:
        came = f"{path}: has pictures that are no frames of {film.path}, such as {strangers[0]} ({len(strangers)} in all)"
        raise InputError(f"{came}; expected a new folder, or one of earlier results of these frames; name another")
    expect_place(path / film.frames[0].name, inputs=[])


def name_in_folder(frame: Path) -> str:
    """The name of what is made of a frame: its own, or .png if its kind of file cannot be written."""
    return frame.name if frame.suffix.lower() in ENDINGS else f"{frame.stem}.png"


def changing(region: np.ndarray) -> tuple[slice, slice]:
    """The rows and columns of what changes in a frame."""
    rows, columns = (np.flatnonzero(region.any(axis)) for axis in (1, 0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _copy(frame: Path, target: Path) -> None:
    """A frame as it was; where its kind of file cannot be written, as a PNG."""
    if frame.name == target.name:
        write_bytes(target, frame.read_bytes())
        return
    photograph = read_photograph(frame)
    seen = srgb_of(photograph, name=str(frame))
    write_bytes(target, encode_photograph(photograph, seen, seen, target))
