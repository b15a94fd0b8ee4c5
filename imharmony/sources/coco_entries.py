"""The entries of COCO's instances json, as strictly as COCO's own files keep to them."""

from typing import Annotated

import msgspec

from imharmony.pictures.masks import LONGEST_SIDE_PX

# It becomes part of a path: a json from a stranger must not be able to say `../../x`.
FileName = Annotated[str, msgspec.Meta(pattern=r"^(?!.*\.part\Z)[A-Za-z0-9_][A-Za-z0-9_ .()+,@=-]*\Z", max_length=200)]
Side = Annotated[int, msgspec.Meta(ge=1, le=LONGEST_SIDE_PX)]
Identifier = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
Number = Annotated[int, msgspec.Meta(ge=0, le=(1 << 31) - 1)]
NO_LICENCE = -1  # of a photograph that names none


class Licence(msgspec.Struct):
    """An entry of ``licenses``."""

    id: Number
    name: str


class Photograph(msgspec.Struct, gc=False):
    """An entry of ``images``."""

    id: Identifier
    file_name: FileName
    width: Side
    height: Side
    license: Number
    coco_url: str = ""
    flickr_url: str = ""


class Annotation(msgspec.Struct, gc=False):
    """An entry of ``annotations``."""

    id: Identifier
    image_id: Identifier
    category_id: Number
    iscrowd: Number
    area: float
    bbox: tuple[float, float, float, float]
    segmentation: msgspec.Raw


class Category(msgspec.Struct):
    """An entry of ``categories``."""

    id: Number
    name: str


class Instances(msgspec.Struct):
    """The whole json."""

    images: list[Photograph]
    annotations: list[Annotation]
    categories: list[Category]
    licenses: list[Licence]
