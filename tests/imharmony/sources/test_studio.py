"""The studio's mirror is COCO's in layout and json, and the same bytes for any number of workers."""

import contextlib
import io
import json
import zipfile

import numpy as np
import pyarrow.parquet as pq
import pytest
from pycocotools.coco import COCO

from imharmony.errors import InputError
from imharmony.pictures.images import decode_rgb
from imharmony.sources import studio
from imharmony.sources.studio import write_studio
from imharmony.storage.shards import ShardReader
from imharmony.studio.layers import unpack_albedo, unpack_alpha, unpack_normals, unpack_shading

# pycocotools 2.0 still answers NumPy 2 with an old-style __array__.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SCENES, WIDTH, HEIGHT = 40, 96, 72


@pytest.fixture(scope="module")
def mirror(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studio") / "mirror"
    write_studio(folder, purpose="photographs", scenes=SCENES, width_px=WIDTH, height_px=HEIGHT, seed=0, workers=1)
    return folder


def document(folder, split):
    with zipfile.ZipFile(folder / "annotations" / "annotations_trainval2017.zip") as archive:
        return json.loads(archive.read(f"annotations/instances_{split}.json"))


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_files_are_cocos_archives_and_the_layers(mirror):
    assert list(contents(mirror)) == [
        "annotations/annotations_trainval2017.zip",
        "layers/shard-00000.arrow",
        "layers/shard-00001.arrow",
        "layers.parquet",
        "zips/train2017.zip",
        "zips/val2017.zip",
    ]


def test_two_workers_write_the_same_bytes_as_one(mirror, tmp_path):
    write_studio(tmp_path / "two", purpose="photographs", scenes=SCENES, width_px=WIDTH, height_px=HEIGHT, seed=0, workers=2)
    assert contents(tmp_path / "two") == contents(mirror)


def test_a_longer_world_begins_with_the_same_photographs(mirror, tmp_path):
    write_studio(tmp_path / "short", purpose="photographs", scenes=7, width_px=WIDTH, height_px=HEIGHT, seed=0, workers=1)
    for split in studio.SPLITS:
        with zipfile.ZipFile(tmp_path / "short/zips" / f"{split}.zip") as short, zipfile.ZipFile(mirror / "zips" / f"{split}.zip") as long:
            assert all(short.read(name) == long.read(name) for name in short.namelist())


def test_photographs_are_stored_with_a_fixed_time_and_have_the_size_the_json_says(mirror):
    for split, count in (("train2017", 34), ("val2017", 6)):
        images = document(mirror, split)["images"]
        with zipfile.ZipFile(mirror / "zips" / f"{split}.zip") as archive:
            members = archive.infolist()
            assert [m.filename for m in members] == [f"{split}/{image['file_name']}" for image in images]
            assert len(members) == count
            for member, image in zip(members, images, strict=True):
                assert member.compress_type == zipfile.ZIP_STORED
                assert member.date_time == (1980, 1, 1, 0, 0, 0)
                assert decode_rgb(archive.read(member), name=member.filename).shape == (image["height"], image["width"], 3)


def test_the_json_has_cocos_keys(mirror):
    instances = document(mirror, "train2017")
    assert list(instances) == ["info", "licenses", "images", "annotations", "categories"]
    assert set(instances["images"][0]) == {"license", "file_name", "coco_url", "height", "width", "date_captured", "flickr_url", "id"}
    assert set(instances["annotations"][0]) == {"segmentation", "area", "iscrowd", "image_id", "bbox", "category_id", "id"}
    assert instances["licenses"] == [{"id": 9, "name": "Public domain (generated)", "url": ""}]
    assert instances["categories"][0] == {"supercategory": "person", "id": 1, "name": "person"}


def test_pycocotools_reads_the_json_and_its_masks_agree_with_the_layers(mirror, tmp_path):
    layers = ShardReader(mirror / "layers")
    addresses = {row["image_id"]: (row["shard"], row["row"]) for row in pq.read_table(mirror / "layers.parquet").to_pylist()}
    crowds = 0
    for split in studio.SPLITS:
        path = tmp_path / f"{split}.json"
        path.write_text(json.dumps(document(mirror, split)))
        with contextlib.redirect_stdout(io.StringIO()):
            coco = COCO(str(path))
        for image_id in coco.getImgIds():
            row = layers.row(*addresses[image_id])
            alphas = dict(zip(row["annotation_ids"], row["alphas"], strict=True))
            annotations = coco.loadAnns(coco.getAnnIds(imgIds=image_id, iscrowd=None))
            assert [a["id"] for a in annotations] == row["annotation_ids"]
            for annotation in annotations:
                expected = unpack_alpha(alphas[annotation["id"]]) > 0.5
                mask = coco.annToMask(annotation).astype(bool)
                crowds += annotation["iscrowd"]
                if annotation["area"] > 200:
                    assert (mask & expected).sum() / (mask | expected).sum() > 0.9
    assert crowds == 2


def test_annotation_ids_are_unique(mirror):
    ids = [a["id"] for split in studio.SPLITS for a in document(mirror, split)["annotations"]]
    assert len(ids) == len(set(ids))


def test_packed_layers_explain_the_photograph(mirror):
    rows = pq.read_table(mirror / "layers.parquet").to_pylist()
    assert [row["image_id"] for row in rows] == list(range(1, SCENES + 1))
    row = ShardReader(mirror / "layers").row(rows[3]["shard"], rows[3]["row"])
    with zipfile.ZipFile(mirror / "zips/train2017.zip") as archive:
        photograph = decode_rgb(archive.read("train2017/000000000004.jpg"), name="4")
    product = np.clip(unpack_albedo(row["albedo"]) * unpack_shading(row["shading"]), 0, 1)
    encoded = np.where(product > 0.0031308, 1.055 * product ** (1 / 2.4) - 0.055, 12.92 * product) * 255
    assert np.abs(encoded - photograph).mean() < 14  # vignetting, noise and JPEG
    np.testing.assert_allclose(np.linalg.norm(unpack_normals(row["normals"]), axis=2), 1, atol=1e-3)


def test_the_light_is_written_beside_the_layers(mirror):
    for row in pq.read_table(mirror / "layers.parquet").to_pylist():
        assert np.linalg.norm(row["light_direction"]) == pytest.approx(1)
        assert len(row["light_colour"]) == len(row["ambient_above"]) == len(row["ambient_below"]) == 3


@pytest.mark.parametrize(
    ("name", "value"), [("scenes", 0), ("width_px", 16), ("height_px", 4096), ("workers", 0)], ids=["scenes", "width", "height", "workers"]
)
def test_a_number_out_of_range_is_refused_before_anything_is_written(tmp_path, name, value):
    arguments = {"purpose": "photographs", "scenes": 2, "width_px": 64, "height_px": 64, "seed": 0, "workers": 1} | {name: value}
    with pytest.raises(InputError, match=f"{name} {value}: outside"):
        write_studio(tmp_path / "out", **arguments)
    assert not (tmp_path / "out").exists()
