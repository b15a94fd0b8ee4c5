"""The tables of what a source offers to be composed, and of what was chosen of it."""

import pyarrow as pa

# One row per annotated instance of a source.
INSTANCES = pa.schema(
    [
        ("annotation_id", pa.int64()),
        ("image_id", pa.int64()),
        ("category_id", pa.int32()),
        ("category", pa.string()),
        ("iscrowd", pa.bool_()),
        ("area_px", pa.float64()),
        ("bbox_x", pa.float64()),
        ("bbox_y", pa.float64()),
        ("bbox_width", pa.float64()),
        ("bbox_height", pa.float64()),
        ("width", pa.int32()),  # of the photograph
        ("height", pa.int32()),
        ("segmentation", pa.binary()),  # the json text of COCO's polygons or RLE, untouched
    ]
)

# What filter_masks adds to a kept instance; a dropped one has `reason` instead.
SELECTED = pa.schema([*INSTANCES, ("foreground_ratio", pa.float64()), ("split", pa.string())])
DROPPED = pa.schema([("annotation_id", pa.int64()), ("image_id", pa.int64()), ("category", pa.string()), ("reason", pa.string())])
