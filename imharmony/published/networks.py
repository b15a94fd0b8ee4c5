"""Published networks by name: how each is built here, and how its authors call its tensors."""

from imharmony.published.harmonizers import HARMONIZERS
from imharmony.published.matting import DEEP_MATTING, INDEXNET, MODNET
from imharmony.published.record import Published

PUBLISHED: dict[str, Published] = HARMONIZERS | {
    "deep_matting": DEEP_MATTING,
    "indexnet": INDEXNET,
    "modnet": MODNET,
}
