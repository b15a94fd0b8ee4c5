"""How often ``harmonize doctor`` takes a right mask for an inverted one, and how often it knows an inverted one.

    python -m benchmarks.doctor [--annotations instances.json ...] [--masks FOLDER ...] [--out FILE.csv]

Each mask is tried as it is and inverted. Of annotations: every object alone, all objects of a category in a photograph together, and all
objects of a photograph together. Of folders: their files; of cut-outs in colours the alpha channel. Masks below 0.1 % of the picture are
left out: nobody pastes them. ``other doubts``: right masks of which the doctor has any other doubt.
"""

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from pycocotools.coco import COCO

from imharmony.harmonizing.diagnosis import Case, Look, examined
from imharmony.harmonizing.mask_checks import MASK_CHECKS, TINY
from imharmony.pictures.pairs import INSIDE
from imharmony.pictures.photo_files import Photograph
from imharmony.pictures.polarity import coverage_of

COLUMNS: tuple[str, ...] = ("masks of", "masks", "median area", "right: said to be inverted", "inverted: found", "right: other doubts")


def main() -> None:
    """Prints the table, and writes it where ``--out`` says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--annotations", type=Path, nargs="*", default=[], help="COCO instances json")
    parser.add_argument("--masks", type=Path, nargs="*", default=[], help="folders of masks, looked through to the bottom")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    groups = [*_of_annotations(options.annotations), ("files of masks and cut-outs", list(_of_folders(options.masks)))]
    rows = [_row(name, masks) for name, masks in groups if masks]
    if options.out:
        with options.out.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    for row in rows:
        print(" | ".join(f"{key}: {value}" for key, value in row.items()))


def _of_annotations(paths: list[Path]) -> list[tuple[str, list[np.ndarray]]]:
    alone, together, everything = [], [], []
    for path in paths:
        coco = COCO(str(path))
        for number in coco.imgs:
            annotations = coco.loadAnns(coco.getAnnIds(imgIds=number, iscrowd=False))
            masks = [coco.annToMask(each) * np.uint8(255) for each in annotations]
            kinds = [each["category_id"] for each in annotations]
            alone += masks
            for kind in set(kinds):
                group = [mask for mask, own in zip(masks, kinds, strict=True) if own == kind]
                together += [np.max(group, axis=0)] if len(group) > 1 else []
            everything += [np.max(masks, axis=0)] if len(set(kinds)) > 1 else []
    return [("one object", alone), ("all objects of a category", together), ("all annotated objects", everything)]


def _of_folders(folders: list[Path]) -> Iterator[np.ndarray]:
    for folder in folders:
        yield from (_read(path) for path in sorted(folder.rglob("*")) if path.suffix.lower() in {".png", ".jpg"})


def _read(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        is_cut_out = image.has_transparency_data and np.asarray(image.convert("RGBA"))[..., 3].min() < INSIDE
        return np.asarray(image.convert("RGBA"))[..., 3] if is_cut_out else np.asarray(image.convert("L"))


def _row(name: str, masks: list[np.ndarray]) -> dict[str, object]:
    right = [mask for mask in masks if TINY <= coverage_of(mask).area < 1]
    values = (
        name,
        len(right),
        f"{100 * np.median([coverage_of(mask).area for mask in right]):.1f} %",
        _share(coverage_of(mask).is_a_background for mask in right),
        _share(coverage_of(255 - mask).is_a_background for mask in right),
        _share(_has_other_doubts(mask) for mask in right),
    )
    return dict(zip(COLUMNS, values, strict=True))


def _has_other_doubts(mask: np.ndarray) -> bool:
    height, width = mask.shape
    photo, drawn = (Look(Path(name), name, None, "PNG", mode, (width, height)) for name, mode in (("photo", "RGB"), ("mask", "L")))
    photograph = Photograph(np.zeros((height, width, 3), np.uint8), None, None, True, 1, (width, height))
    case = Case(photo, drawn, None, photograph, mask, None, None, mask.size)
    of_pixels = tuple(check for check in MASK_CHECKS if check.__name__ not in {"same_file", "swapped", "zeros_and_ones", "inverted"})
    return any(finding.severity != "note" for finding in examined(case, of_pixels))


def _share(flags: Iterator[bool]) -> str:
    values = list(flags)
    return f"{100 * sum(values) / len(values):.1f} %"


if __name__ == "__main__":
    main()
