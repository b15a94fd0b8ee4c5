"""Four transfers against the published outputs of the authors of iHarmony4, whose code is MATLAB.

The folder holds a target and a reference with their masks, and the four outputs, all of them JPEG. Ours is also saved with the
output's own quantisation tables: "saved" is that picture's distance from the output, "JPEG alone" its distance from ours.

Two routes repeat what the authors' code does and ours does not: it leaves the signs of Xiao & Ma's axes to the eigensolver, and
it decodes YCbCr codes.

    python -m benchmarks.transfer_golden --folder DIR
"""

import argparse
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from imharmony.composing.composites import Foreground
from imharmony.composing.regrain import regrain
from imharmony.pictures.images import read_rgb
from imharmony.transfer.covariance import rgb_covariance, xiao_rgb
from imharmony.transfer.fecker import BLACK, RGB_FROM_YCBCR, code_map, fecker_ycbcr, ycbcr, ycbcr_histogram
from imharmony.transfer.idt import idt, idt_sample
from imharmony.transfer.lalphabeta import lalphabeta_moments, reinhard_lalphabeta
from imharmony.transfer.symmetric import eigen

TARGET, TARGET_MASK = "c35030", "c35030_434421"
REFERENCE, REFERENCE_MASK = "c172513", "c172513_1275867"
LEVELS = (2, 5, 10)


def mirrored(pixels: np.ndarray, own: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """``xiao_rgb`` with the second and the third axis on the wrong side, where the authors' eigensolver happened to leave them."""
    (values, axes), (other_values, other_axes) = (eigen(each[3:].reshape(3, 3)) for each in (own, reference))
    turned = other_axes * np.sign((axes * other_axes).sum(axis=0)) * [1, -1, -1]
    return rounded((pixels - own[:3]) @ (turned * np.sqrt(other_values / values) @ axes.T).T + reference[:3])


def decoded(pixels: np.ndarray, own: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """``fecker_ycbcr`` by way of 8-bit codes."""
    tables = [code_map(*each) for each in zip(own.reshape(3, 256), reference.reshape(3, 256), strict=True)]
    codes = ycbcr(pixels[None])[0]
    mapped = np.stack([table[codes[:, channel]] for channel, table in enumerate(tables)], axis=-1)
    return rounded((mapped - BLACK) @ RGB_FROM_YCBCR.T)


def rounded(levels: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


ROUTES = {
    "gct": (("reinhard_lalphabeta", lalphabeta_moments, reinhard_lalphabeta),),
    "gctrgb": (("xiao_rgb", rgb_covariance, xiao_rgb), ("  two axes mirrored", rgb_covariance, mirrored)),
    "hgm": (("fecker_ycbcr", ycbcr_histogram, fecker_ycbcr), ("  codes decoded", ycbcr_histogram, decoded)),
    "idt": (("idt", idt_sample, idt),),
}


def foreground(folder: Path, photo: str, mask: str) -> Foreground:
    with Image.open(folder / f"{mask}.jpg") as image:
        inside = (np.asarray(image.convert("L")) == 255).astype(np.uint8)  # as the authors: JPEG has frayed the mask's edge
    return Foreground.of(read_rgb(folder / f"{photo}.jpg"), inside, name=photo)


def composite(target: Foreground, reference: Foreground, measure: Callable, apply: Callable) -> np.ndarray:
    pixels = apply(target.pixels, measure(target.pixels), measure(reference.pixels))
    return target.replaced_by(target.patch(pixels))


def saved_like(picture: np.ndarray, path: Path) -> np.ndarray:
    """The picture after a round trip through JPEG, coded as the file is."""
    stream = BytesIO()
    with Image.open(path) as image:
        tables = getattr(image, "quantization")  # noqa: B009 - Pillow's type has it for JPEG alone
    Image.fromarray(picture).save(stream, "JPEG", qtables=tables, subsampling="4:2:0")
    with Image.open(stream) as image:
        return np.asarray(image.convert("RGB"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    folder = parser.parse_args().folder
    target, reference = foreground(folder, TARGET, TARGET_MASK), foreground(folder, REFERENCE, REFERENCE_MASK)
    mask = np.zeros(target.photo.shape[:2], np.uint8)
    target.box.of(mask)[:] = target.mask
    inside = mask > 0
    shares = "".join(f"{f'>{level}':>8}" for level in LEVELS)
    print(f"{inside.sum()} foreground pixels; mean absolute difference in levels, share of pixels with a channel off by more\n")
    print(f"{'transfer':<22}{'compared':<22}{'mean':>8}{shares}")
    for suffix, routes in ROUTES.items():
        path = folder / f"{TARGET}_{suffix}.jpg"
        published = read_rgb(path)
        ours = {name: composite(target, reference, measure, apply) for name, measure, apply in routes}
        if suffix == "idt":
            ours["idt + regrain"] = regrain(target.photo, ours["idt"], mask)
        print_row("nothing done", "target", target.photo, published, inside)
        for name, picture in ours.items():
            saved = saved_like(picture, path)
            print_row(name, "ours", picture, published, inside)
            print_row(name, "saved", saved, published, inside)
            print_row(name, "JPEG alone", saved, picture, inside)


def print_row(label: str, compared: str, one: np.ndarray, other: np.ndarray, inside: np.ndarray) -> None:
    difference = np.abs(one.astype(int) - other)[inside]
    shares = "".join(f"{(difference.max(axis=1) > level).mean():>8.1%}" for level in LEVELS)
    print(f"{label:<22}{compared:<22}{difference.mean():>8.2f}{shares}")


if __name__ == "__main__":
    main()
