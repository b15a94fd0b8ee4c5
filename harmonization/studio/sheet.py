"""Many pictures on one sheet."""

from collections.abc import Sequence

import numpy as np

from harmonization.errors import InputError


def contact_sheet(images: Sequence[np.ndarray], *, columns: int) -> np.ndarray:
    """uint8 images (H, W, 3) of one size side by side, ``columns`` in a row, 2 px of white between them; empty places are white."""
    shapes = {image.shape for image in images}
    if len(shapes) != 1 or columns < 1:
        raise InputError(f"shapes {sorted(shapes)} in {columns} columns: cannot be laid out; expected one shape and at least one column")
    height, width, _ = images[0].shape
    rows = -(-len(images) // columns)
    sheet = np.full((rows * (height + 2) - 2, columns * (width + 2) - 2, 3), 255, np.uint8)
    for k, image in enumerate(images):
        top, left = k // columns * (height + 2), k % columns * (width + 2)
        sheet[top : top + height, left : left + width] = image
    return sheet
