"""The tables of a source: its photographs, and where their files lie once they are here."""

import pyarrow as pa

# One row per photograph of a source, annotated or not.
PHOTOGRAPHS = pa.schema(
    [
        ("image_id", pa.int64()),
        ("file_name", pa.string()),
        ("url", pa.string()),  # as the source's own json names it
        ("flickr_url", pa.string()),  # where its author put it, which an attribution names; null where the source does not say
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("official_split", pa.string()),  # the source's own part, e.g. train2017
        ("licence_id", pa.int32()),
        ("licence", pa.string()),
        ("size_bytes", pa.int64()),  # null where the source publishes no checksum
        ("crc32", pa.int64()),
    ]
)

# Where a downloaded photograph lies, in a shard of PHOTOGRAPH_SHARD.
STORED_PHOTOGRAPHS = pa.schema(
    [
        ("image_id", pa.int64()),
        ("file_name", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("licence", pa.string()),
        ("sha256", pa.string()),  # of the file's bytes
        ("shard", pa.int32()),
        ("row", pa.int32()),
    ]
)
PHOTOGRAPH_SHARD = pa.schema(
    [
        ("image_id", pa.int64()),
        ("jpeg", pa.binary()),  # the photograph's own file, JPEG or PNG
        ("matte", pa.binary()),  # grey PNG, 255 = foreground; null where foregrounds are masks of instances
    ]
)
