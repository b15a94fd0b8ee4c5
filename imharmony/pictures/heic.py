"""HEIC, as phones save photographs: read and written through pillow-heif, which not everybody has.

Its decoder sees only files that begin as HEIC does, and only where a photograph is meant; data sets are read without it.
"""

from pathlib import Path

from PIL import Image

from imharmony.errors import InputError

FORMAT = "HEIF"  # pillow-heif's name of it
ENDINGS = (".heic", ".heif")
BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"heif"})
QUALITY = 95
PRESET = "fast"  # of the encoder: half the time of its own choice, and files that are a twentieth longer


def is_heic(source: Path | bytes) -> bool:
    """Whether a regular file, or its bytes, begins as HEIC does; of anything else, and of what is not there, false."""
    if isinstance(source, bytes):
        head = source[:12]
    elif source.is_file():
        with source.open("rb") as stream:
            head = stream.read(12)
    else:
        return False
    return head[4:8] == b"ftyp" and head[8:] in BRANDS


def expect_heic(name: str) -> None:
    """Makes HEIC known to Pillow; raises ``InputError`` where pillow-heif is not installed. ``name`` is the file's."""
    try:
        import pillow_heif  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise InputError(
            f"{name}: HEIC needs pillow-heif, which is not installed; expected it; run: pip install 'imharmony[heic]'"
        ) from error
    if FORMAT not in Image.OPEN:
        pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
