"""Files of annotation tools in COCO's format: what can be read is, the rest is left out with a reason."""

import json
import zipfile

import pytest
from pycocotools import mask as coco_mask

from imharmony.errors import InputError
from imharmony.sources.annotations import write_instances
from imharmony.sources.zips import read_member, zip_problem
from imharmony.storage.tables import read_table
from tests.imharmony.sources.coco_mirror import SQUARE, instances

NAN, INFINITY = float("nan"), float("inf")


def tables(tmp_path, content):
    """(photographs, instances, what was left out) as rows."""
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    write_instances([(lambda: data, "x.json", "train2017")], out=tmp_path)
    rejected = tmp_path / "rejected.parquet"
    rows = [read_table(tmp_path / f"{name}.parquet").to_pylist() for name in ("photographs", "instances")]
    return *rows, read_table(rejected).to_pylist() if rejected.exists() else []


def changed(what, **values):
    """A little COCO whose first entry of a list has other values; None takes one away."""
    content = instances([1, 2, 3])
    entry = content[what][0]
    for key, value in values.items():
        if value is None:
            del entry[key]
        else:
            entry[key] = value
    return content


def test_a_file_of_coco_leaves_nothing_out(tmp_path):
    photographs, annotated, rejected = tables(tmp_path, instances([1, 2, 3]))
    assert (len(photographs), len(annotated), rejected) == (3, 3, [])


def test_a_tools_file_without_anything_optional_is_the_same_instances(tmp_path):
    bare = instances([1, 2])
    del bare["licenses"]
    bare["images"] = [{key: image[key] for key in ("id", "file_name", "width", "height")} for image in bare["images"]]
    bare["annotations"] = [{key: each[key] for key in ("id", "image_id", "category_id", "segmentation")} for each in bare["annotations"]]
    photographs, annotated, rejected = tables(tmp_path / "bare", bare)
    _, expected, _ = tables(tmp_path / "coco", instances([1, 2]))
    assert annotated == expected
    assert rejected == []
    assert [(each["licence"], each["licence_id"], each["url"]) for each in photographs] == [("unknown", None, "")] * 2


@pytest.mark.parametrize(
    ("what", "values"),
    [
        ("images", {"width": 64.0, "height": 48.0}),
        ("images", {"width": "64", "height": "48.0"}),
        ("images", {"id": 1.0}),
        ("images", {"license": None}),
        ("images", {"license": 99}),
        ("images", {"license": "CC"}),
        ("images", {"coco_url": 7}),
        ("annotations", {"id": "10"}),
        ("annotations", {"image_id": 1.0, "category_id": "1"}),
        ("annotations", {"iscrowd": False}),
        ("annotations", {"iscrowd": None}),
        ("annotations", {"area": NAN}),
        ("annotations", {"area": "900"}),
        ("annotations", {"bbox": []}),
        ("annotations", {"bbox": [NAN, 1, 2, 3]}),
        ("annotations", {"bbox": [1, 2]}),
        ("annotations", {"score": INFINITY, "attributes": {"occluded": False, "note": "NaN, really"}}),
    ],
)
def test_what_tools_write_in_another_way_is_read(tmp_path, what, values):
    photographs, annotated, rejected = tables(tmp_path, changed(what, **values))
    assert rejected == []
    assert (photographs[0]["image_id"], photographs[0]["width"], photographs[0]["height"]) == (1, 64, 48)
    row = annotated[0]
    assert [row[f"bbox_{side}"] for side in ("x", "y", "width", "height")] == [10, 10, 30, 30]
    assert (row["annotation_id"], row["area_px"], row["iscrowd"], json.loads(row["segmentation"])) == (10, 900.0, False, SQUARE)


@pytest.mark.parametrize("name", ["写真 1.jpg", "train/äöü 1.jpg", "images\\a.png", "./a/b.jpg", "a b #1?.jpg", "n" * 230 + ".jpg"])
def test_names_of_any_script_and_in_folders_are_read(tmp_path, name):
    photographs, _, rejected = tables(tmp_path, changed("images", file_name=name))
    assert rejected == []
    assert photographs[0]["file_name"] == name.replace("\\", "/").removeprefix("./")


@pytest.mark.parametrize(
    "name",
    [
        *(
            "../x.jpg",
            "a/../../x.jpg",
            "..\\x.jpg",
            "/etc/x.jpg",
            "C:\\x.jpg",
            "c:x.jpg",
            "http://server/x.jpg",
            "a\0b.jpg",
            "a\nb.jpg",
            "",
            " ",
        ),
        *("n" * 300 + ".jpg", "a/" * 600 + "x.jpg", ".", "x.jpg.part", "http://a/x.jpg", 7, ["x.jpg"], {}, True, "\x7f.jpg"),
    ],
)
def test_a_name_that_is_no_path_below_the_folder_is_left_out(tmp_path, name):
    photographs, annotated, rejected = tables(tmp_path, changed("images", file_name=name))
    assert [each["image_id"] for each in photographs] == [2, 3] == [each["image_id"] for each in annotated]
    assert [(each["name"], each["reason"]) for each in rejected] == [
        ("train2017, photograph 1", "file_name"),
        ("train2017, annotation 10", "photograph"),
    ]


@pytest.mark.parametrize(
    ("what", "values", "reason"),
    [
        ("images", {"width": 0}, "size"),
        ("images", {"width": "wide"}, "size"),
        ("images", {"width": 640.5}, "size"),
        ("images", {"height": None}, "size"),
        ("images", {"width": 65_536, "height": 65_536}, "size"),
        ("images", {"width": 65_535, "height": 65_535}, "size"),
        ("images", {"width": 10**30}, "size"),
        ("images", {"width": True}, "size"),
        ("images", {"id": "abc"}, "id"),
        ("images", {"id": -1}, "id"),
        ("images", {"id": None}, "id"),
        ("images", {"id": 2**63}, "id"),
        ("images", {"id": 2}, "repeated_id"),
        ("images", {"file_name": f"{2:012d}.jpg"}, "repeated_name"),
        ("annotations", {"segmentation": None}, "no_segmentation"),
        ("annotations", {"segmentation": []}, "no_segmentation"),
        ("annotations", {"segmentation": {}}, "no_segmentation"),
        ("annotations", {"segmentation": ""}, "no_segmentation"),
        ("annotations", {"segmentation": [], "area": None}, "no_segmentation"),
        ("annotations", {"segmentation": [[]], "area": None}, "no_segmentation"),
        ("annotations", {"segmentation": NAN}, "no_segmentation"),
        ("annotations", {"segmentation": {}, "area": None}, "no_segmentation"),
        ("annotations", {"segmentation": "[[1, 2", "bbox": None}, "degenerate"),
        ("annotations", {"segmentation": [[1, 2, NAN, 4, 5, 6]], "area": None}, "degenerate"),
        ("annotations", {"image_id": 9}, "photograph"),
        ("annotations", {"image_id": "9x"}, "image_id"),
        ("annotations", {"category_id": 77}, "category"),
        ("annotations", {"category_id": 1.5}, "category_id"),
        ("annotations", {"iscrowd": "yes"}, "iscrowd"),
        ("annotations", {"id": 20}, "repeated_id"),
        ("categories", {"name": None}, "category"),
        ("categories", {"name": 5}, "category"),
    ],
)
def test_an_entry_that_cannot_be_read_is_left_out_and_counted(tmp_path, caplog, what, values, reason):
    content = changed(what, **values)
    if what == "categories":
        content["annotations"][1]["category_id"] = 18
    _, annotated, rejected = tables(tmp_path, content)
    assert annotated != []
    assert reason in [each["reason"] for each in rejected]
    assert all(each["detail"] for each in rejected)
    assert f"left out {len(rejected)} (" in caplog.text


@pytest.mark.parametrize("entry", [None, 7, "x", [], [1]])
@pytest.mark.parametrize("what", ["images", "annotations", "categories", "licenses"])
def test_an_entry_that_is_no_object_is_left_out(tmp_path, what, entry):
    content = instances([1, 2])
    content[what].insert(0, entry)
    photographs, annotated, rejected = tables(tmp_path, content)
    assert (len(photographs), len(annotated), [each["reason"] for each in rejected]) == (2, 2, ["unreadable"])


GZIP, SEVEN = b"\x1f\x8b\x08\x00rest", b'{"images": 7, "annotations": [], "categories": []}'
COCO = json.dumps(instances([1]) | {"categories": [{"id": 1, "name": "Männer"}]}, ensure_ascii=False)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"images": [', r"damaged, Input data was truncated.*fetch it again"),
        (b"", r"\(empty\).*fetch it again"),
        (b" " * 1000, r"\(empty\).*fetch it again"),
        (b"<html>not found</html>", r"\(a web page\)"),
        (GZIP, "x.json: gzip data, not text; unpack it"),
        (b"PK\x03\x04rest", "a zip archive, not text; unpack it"),
        (COCO.encode("latin-1"), r"byte \d+ is 0xe4, which is not UTF-8, but may be Latin-1"),
        (COCO.encode("utf-16-le"), "zero bytes, as UTF-16 without a mark"),
        (b"[" * 10**6 + b"]" * 10**6, "Expected `object`, got `array`|nested too deeply"),
        (b'{"images": ' + b"[" * 10**5 + b"]" * 10**5 + b"}", "nested too deeply"),
        (b"{}", "missing required field `images`.*export it again"),
        (b"[]", "Expected `object`, got `array`.*export it again"),
        (SEVEN, "Expected `array`, got `int`.*export it again"),
    ],
)
def test_a_file_that_is_no_such_json_is_one_line_that_says_what_came(tmp_path, data, message):
    with pytest.raises(InputError, match=message):
        tables(tmp_path, data)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_marked_encoding_is_read(tmp_path, encoding):
    assert len(tables(tmp_path, COCO.encode(encoding))[1]) == 1


@pytest.mark.parametrize("what", ["images", "annotations", "categories"])
def test_a_file_of_which_nothing_is_left_is_an_error_that_says_why(tmp_path, what):
    content = instances([1, 2])
    content[what] = [{"id": "none"} for _ in content[what]]
    with pytest.raises(InputError, match=r"none of its 2 (photographs|annotations) can be used \(.*; export it again") as caught:
        tables(tmp_path, content)
    assert "fetch it again" not in str(caught.value)


def swollen(tmp_path, member, size):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(member, "w", force_zip64=True) as file:
        for _ in range(size >> 20):
            file.write(b" " * (1 << 20))
    return path


def test_blanks_that_unpack_to_far_more_than_they_are_are_not_unpacked(tmp_path):
    path = swollen(tmp_path, "x.json", 200 << 20)
    assert "would unpack from" in zip_problem(path, ["x.json"])
    with pytest.raises(InputError, match=r"a\.zip: x\.json would unpack from \d+ to 209715200 bytes; expected at most"):
        read_member(path, "x.json")


@pytest.mark.parametrize("fault", ["password", "method", "size", "absent", "cut"])
def test_a_member_that_cannot_be_read_is_one_line(tmp_path, fault):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.json", b"0123456789" * 100)
    data = bytearray(path.read_bytes())
    directory = data.index(b"PK\x01\x02")
    flags, method, size = directory + 8, directory + 10, directory + 24
    changes = {"password": {6: 1, flags: 1}, "method": {8: 99, method: 99}, "size": {size: 5}}
    for at, value in changes.get(fault, {}).items():
        data[at] = value
    path.write_bytes(bytes(data[:100] if fault == "cut" else data))
    with pytest.raises(InputError, match=r"a\.zip: (x\.json|has no y\.json|not a whole)"):
        read_member(path, "y.json" if fault == "absent" else "x.json")


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("speck", [[1, 1, 5, 5], [1, 1, 5, 1], [3, 3], [], [2, 2, 9, 9, 2, 2], [1, 1, 1, 1, 1, 1]])
def test_a_speck_beside_a_polygon_is_drawn_as_pycocotools_does(tmp_path, speck, first):
    content = changed("annotations", segmentation=[speck, *SQUARE] if first else [*SQUARE, speck], area=None)
    expected = coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects([*SQUARE, speck], 48, 64))).sum()
    assert tables(tmp_path, content)[1][0]["area_px"] == expected


@pytest.mark.parametrize("value", [0, False, "false", "False", "0", "", None, 0.0])
def test_a_flag_is_read_however_it_is_written(tmp_path, value):
    content = changed("annotations", iscrowd=value)
    assert [each["iscrowd"] for each in tables(tmp_path, content)[1]] == [False] * 3


@pytest.mark.parametrize("value", [1, True, "true", "True", "1", 1.0])
def test_a_crowd_is_one_however_it_is_written(tmp_path, value):
    assert tables(tmp_path, changed("annotations", iscrowd=value))[1][0]["iscrowd"]


@pytest.mark.parametrize("zeros", [{"area": 0}, {"bbox": [0, 0, 0, 0]}, {"area": 0.0, "bbox": [0.0] * 4}, {"area": -1}])
def test_zeros_in_place_of_areas_and_boxes_are_measured(tmp_path, zeros):
    content = instances([1, 2])
    for each in content["annotations"]:
        each.update(zeros)
    _, annotated, rejected = tables(tmp_path, content)
    assert rejected == []
    assert all(each["area_px"] > 0 and each["bbox_width"] > 0 and each["bbox_height"] > 0 for each in annotated)


@pytest.mark.parametrize(
    ("what", "values", "advice"),
    [
        ("annotations", {"segmentation": []}, "with outlines"),
        ("annotations", {"category_id": 77}, "with the list of its categories, by id and name"),
        ("categories", {"name": 5}, "with the list of its categories, by id and name"),
        ("images", {"file_name": "https://x.org/1.jpg"}, "with names of files below one folder"),
        ("images", {"width": 0}, "with width and height of each photograph"),
        ("annotations", {"id": "a-1"}, "with whole numbers as ids"),
    ],
)
def test_the_advice_names_what_the_file_lacks(tmp_path, what, values, advice):
    content = instances([1, 2])
    for each in content[what]:
        each.update(values)
    with pytest.raises(InputError, match=f"export it again {advice}$"):
        tables(tmp_path, content)
