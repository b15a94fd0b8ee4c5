"""The layout's names and lists are understood as published, and everything wrong with a folder is found."""

import numpy as np
import pytest
from PIL import Image

from imharmony.errors import InputError
from imharmony.pictures.images import encode_jpeg, encode_png
from imharmony.sources.iharmony4_layout import read_layout, read_matte
from imharmony.sources.iharmony4_lists import parse_name, prefix_of
from tests.datasets import scene, write, write_subset

PHOTOGRAPHS = {"train": {f"c{number}": scene(number) for number in (1, 2, 3)}, "test": {"c7": scene(7), "c8": scene(8)}}


@pytest.fixture
def folder(tmp_path):
    write_subset(tmp_path, "HCOCO", PHOTOGRAPHS)
    return tmp_path


def kinds(layout):
    return [(finding.kind, finding.subject) for finding in layout.findings]


def names(layout, split):
    return [triple.name.file for triple in layout.triples[split]]


@pytest.mark.parametrize(
    ("file", "parts", "mask", "real"),
    [
        ("c69_1234_2.jpg", ("c", "69", "1234", 2), "c69_1234.png", "c69.jpg"),
        ("a0002_1_4.jpg", ("a", "0002", "1", 4), "a0002_1.png", "a0002.jpg"),
        (
            "d9000-20151103-103301_1_3.jpg",
            ("d", "9000-20151103-103301", "1", 3),
            "d9000-20151103-103301_1.png",
            "d9000-20151103-103301.jpg",
        ),
        ("p5_500_0.png", ("p", "5", "500", 0), "p5_500.png", "p5.jpg"),
        ("f8_1_2_1.jpg", ("f", "8", "1_2", 1), "f8_1_2.png", "f8.jpg"),
    ],
)
def test_a_name_says_what_belongs_together(file, parts, mask, real):
    name = parse_name(file)
    assert (name.prefix, name.image, name.annotation, name.k) == parts
    assert (name.mask, name.real) == (mask, real)


@pytest.mark.parametrize("file", ["c69.jpg", "c69_1.jpg", "c69_1_x.jpg", "c69_1_1.bmp", "../c69_1_1.jpg", "x/c69_1_1.jpg", "_1_1.jpg", ""])
def test_another_name_is_refused(file):
    with pytest.raises(InputError, match=r"expected <prefix><image>_<annotation>_<k>\.jpg"):
        parse_name(file)


@pytest.mark.parametrize(
    ("subset", "prefix"),
    [("HCOCO", "c"), ("HAdobe5k", "a"), ("HFlickr", "f"), ("Hday2night", "d"), ("people", "p"), ("H", "h")],
)
def test_the_letter_is_the_publishers(subset, prefix):
    assert prefix_of(subset) == prefix


def test_a_sound_subset_is_read_in_the_order_of_its_lists(folder):
    layout = read_layout(folder, "HCOCO")
    assert layout.findings == []
    assert names(layout, "train") == ["c1_1_1.jpg", "c2_1_1.jpg", "c3_1_1.jpg"]
    assert names(layout, "test") == ["c7_1_1.jpg", "c8_1_1.jpg"]
    assert all(path.is_file() for triple in layout.triples["test"] for path in (triple.composite, triple.mask, triple.real))


def test_validation_is_a_part_of_the_train_list(folder):
    (folder / "HCOCO" / "HCOCO_val.txt").write_text("c2_1_1.jpg\n")
    layout = read_layout(folder, "HCOCO")
    assert list(layout.triples) == ["train", "val", "test"]
    assert (names(layout, "train"), names(layout, "val")) == (["c1_1_1.jpg", "c3_1_1.jpg"], ["c2_1_1.jpg"])
    assert layout.findings == []


def test_validation_outside_the_train_list_is_refused(folder):
    (folder / "HCOCO" / "HCOCO_val.txt").write_text("c7_1_1.jpg\n")
    with pytest.raises(InputError, match=r"HCOCO_val.txt: c7_1_1.jpg is not in the train list"):
        read_layout(folder, "HCOCO")


def test_lists_of_other_systems_are_read(folder):
    (folder / "HCOCO" / "HCOCO_test.txt").write_bytes(b"c7_1_1.jpg\r\n\r\nc8_1_1.jpg")
    assert names(read_layout(folder, "HCOCO"), "test") == ["c7_1_1.jpg", "c8_1_1.jpg"]


@pytest.mark.parametrize("file", ["composite_images/c2_1_1.jpg", "masks/c2_1.png", "real_images/c2.jpg"])
def test_a_missing_file_is_found(folder, file):
    (folder / "HCOCO" / file).unlink()
    layout = read_layout(folder, "HCOCO")
    assert ("missing", "c2_1_1.jpg") in kinds(layout)
    assert f"no {file}" in layout.findings[0].reason
    assert names(layout, "train") == ["c1_1_1.jpg", "c3_1_1.jpg"]


def test_pictures_of_two_sizes_are_found(folder):
    write(folder / "HCOCO" / "masks" / "c7_1.png", encode_png(np.full((20, 30), 255, np.uint8)))
    layout = read_layout(folder, "HCOCO")
    assert kinds(layout) == [("size", "c7_1_1.jpg")]
    assert "composite_images 96x72, masks 30x20" in layout.findings[0].reason
    assert names(layout, "test") == ["c8_1_1.jpg"]


def test_a_file_that_is_no_image_is_found(folder):
    write(folder / "HCOCO" / "real_images" / "c7.jpg", b"<html>not found</html>")
    assert kinds(read_layout(folder, "HCOCO")) == [("unreadable", "real_images/c7.jpg")]


def test_files_that_no_list_leads_to_are_found(folder):
    write(folder / "HCOCO" / "composite_images" / "c1_1_2.jpg", encode_jpeg(scene(1)))
    write(folder / "HCOCO" / "masks" / "c1_9.png", b"")
    write(folder / "HCOCO" / "real_images" / "c9.jpg", b"")
    layout = read_layout(folder, "HCOCO")
    assert kinds(layout) == [
        ("unlisted", "composite_images/c1_1_2.jpg"),
        ("unpaired", "masks/c1_9.png"),
        ("unpaired", "real_images/c9.jpg"),
    ]
    assert not any(finding.is_error for finding in layout.findings)


def test_a_name_against_the_rule_is_found(folder):
    with (folder / "HCOCO" / "HCOCO_test.txt").open("a") as file:
        file.write("c7.jpg\n")
    assert ("name", "c7.jpg") in kinds(read_layout(folder, "HCOCO"))


def test_a_sample_in_both_lists_is_found(folder):
    with (folder / "HCOCO" / "HCOCO_test.txt").open("a") as file:
        file.write("c1_1_1.jpg\n")
    layout = read_layout(folder, "HCOCO")
    assert kinds(layout) == [("twice", "c1_1_1.jpg"), ("leak", "c1.jpg")]
    assert layout.findings[1].reason == "a photograph with composites in 2 splits: 1 in train, 1 in test"


def test_a_list_of_the_whole_set_that_disagrees_is_found(folder):
    (folder / "IHD_train.txt").write_text("".join(f"HCOCO/composite_images/c{number}_1_1.jpg\n" for number in (1, 2, 5)))
    (folder / "IHD_test.txt").write_text("HCOCO/composite_images/c7_1_1.jpg\nHFlickr/x.jpg\nHCOCO/composite_images/c8_1_1.jpg\n")
    layout = read_layout(folder, "HCOCO")
    assert kinds(layout) == [("list", "IHD_train.txt")]
    assert "1 composites more and 1 fewer" in layout.findings[0].reason


def test_a_folder_that_is_no_subset_is_named(folder):
    with pytest.raises(InputError, match="HFlickr/composite_images: no such folder"):
        read_layout(folder, "HFlickr")


def test_a_subset_without_lists_is_named(folder):
    (folder / "HCOCO" / "HCOCO_test.txt").unlink()
    with pytest.raises(InputError, match=r"HCOCO_test\.txt: no such file, and no IHD_test\.txt beside HCOCO/; expected a list"):
        read_layout(folder, "HCOCO")


def test_a_subset_without_a_whole_sample_is_named(folder):
    for path in (folder / "HCOCO" / "masks").iterdir():
        path.unlink()
    with pytest.raises(InputError, match=r"its lists name no whole sample: c1_1_1.jpg: it is in a list, but there is no masks/c1_1.png"):
        read_layout(folder, "HCOCO")


BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda names: BOM + "\r\n\r\n".join(names).encode(),
        lambda names: "\n".join(names).encode("utf-16"),
        lambda names: "\n".join(f"HCOCO/composite_images/{name}" for name in names).encode(),
        lambda names: "\n".join(f"D:\\sets\\HCOCO\\composite_images\\{name}" for name in names).encode(),
        lambda names: "\n".join(f"./composite_images/{name}  " for name in names).encode(),
        lambda names: "\n".join(name.replace(".jpg", ".png") for name in names).encode(),
        lambda names: "\n".join(name.removesuffix(".jpg") for name in names).encode(),
        lambda names: "\n".join(f'"{name}",' for name in names).encode(),
        lambda names: "\n".join(f"'{name}'" for name in names).encode(),
        lambda names: "\n".join(f"{name}\u200b" for name in names).encode(),
        lambda names: "\n".join(f"{name}\t1" for name in names).encode(),
        lambda names: "\n".join(f"masks/x_1.png,composite_images/{name},real_images/x.jpg" for name in names).encode(),
        lambda names: "\n".join(f"composite_images/{name} masks/x_1.png real_images/x.jpg" for name in names).encode(),
    ],
)
def test_lists_of_many_hands_mean_the_same_files(folder, rewrite):
    expected = read_layout(folder, "HCOCO")
    for split in ("train", "test"):
        path = folder / "HCOCO" / f"HCOCO_{split}.txt"
        path.write_bytes(rewrite(path.read_text().split()))
    assert read_layout(folder, "HCOCO") == expected


@pytest.mark.parametrize("form", ["HCOCO/composite_images/{}", "{}", "/mnt/HCOCO/composite_images/{}", "HCOCO\\composite_images\\{}"])
def test_the_whole_sets_lists_are_enough(folder, form):
    expected = read_layout(folder, "HCOCO").triples
    for split in ("train", "test"):
        own = folder / "HCOCO" / f"HCOCO_{split}.txt"
        others = ["HFlickr/composite_images/f1_1_1.jpg", "a0001_1_1.jpg"]
        (folder / f"IHD_{split}.txt").write_text("\n".join([*map(form.format, own.read_text().split()), *others]))
        own.unlink()
    layout = read_layout(folder, "HCOCO")
    assert (layout.triples, layout.findings) == (expected, [])


@pytest.mark.parametrize(
    ("kind", "ending"),
    [("composite_images", ".png"), ("composite_images", ".JPG"), ("masks", ".PNG"), ("masks", ".bmp"), ("real_images", ".png")],
)
def test_a_file_of_another_ending_than_its_list_says_is_found(folder, kind, ending):
    for path in (folder / "HCOCO" / kind).iterdir():
        path.rename(path.with_suffix(ending))
    layout = read_layout(folder, "HCOCO")
    assert (layout.findings, len(layout.triples["train"]), len(layout.triples["test"])) == ([], 3, 2)


def test_two_files_that_a_list_may_mean_are_named(folder):
    photograph = folder / "HCOCO" / "real_images" / "c1.jpg"
    photograph.with_suffix(".png").write_bytes(encode_png(scene(1)))
    photograph.rename(photograph.with_suffix(".jpeg"))
    layout = read_layout(folder, "HCOCO")
    assert ("name", "c1_1_1.jpg") in kinds(layout)
    assert "which file is meant? real_images/ has c1.jpeg and c1.png" in layout.findings[0].reason


@pytest.mark.parametrize(
    ("data", "message"), [(b"c1\xe4_1_1.jpg", "may be Latin-1"), (b"\x1f\x8b\x08", "gzip data"), (b"c\0001\0", "zero bytes")]
)
def test_a_list_that_is_no_text_says_what_came(folder, data, message):
    (folder / "HCOCO" / "HCOCO_test.txt").write_bytes(data)
    with pytest.raises(InputError, match=message):
        read_layout(folder, "HCOCO")


def test_a_mask_saved_as_jpeg_is_white_or_black(tmp_path):
    mask = np.zeros((48, 64), np.uint8)
    mask[7:31, 9:40] = 255
    (tmp_path / "c1_1.jpg").write_bytes(encode_jpeg(np.repeat(mask[..., None], 3, axis=2), quality=60))
    assert set(np.unique(read_matte(tmp_path / "c1_1.jpg"))) == {0, 255}
    (tmp_path / "c1_1.png").write_bytes(encode_png(mask // 255 * 200))
    assert set(np.unique(read_matte(tmp_path / "c1_1.png"))) == {0, 200}


@pytest.mark.parametrize("between", [",", ", ", "\t", ";", " "])
def test_several_composites_in_a_line_are_none_left_out(folder, between):
    path = folder / "HCOCO" / "HCOCO_train.txt"
    path.write_text(between.join(path.read_text().split()))
    with pytest.raises(InputError, match=r"a list's line names .* composites, .*expected one a line"):
        read_layout(folder, "HCOCO")


@pytest.mark.parametrize("subset", ["hcoco", "HFlickr"])
def test_lists_of_the_whole_set_without_this_subset_say_so(folder, subset):
    for split in ("train", "test"):
        own = folder / "HCOCO" / f"HCOCO_{split}.txt"
        (folder / f"IHD_{split}.txt").write_text("\n".join(f"{subset}/composite_images/{name}" for name in own.read_text().split()))
        own.unlink()
    with pytest.raises(InputError, match="none of their lines is of HCOCO, whose folder they should name"):
        read_layout(folder, "HCOCO")


def test_masks_named_for_each_composite_are_pointed_at(folder):
    masks = folder / "HCOCO" / "masks"
    (masks / "c2_1.png").rename(masks / "c2_1_1.png")
    reasons = [each.reason for each in read_layout(folder, "HCOCO").findings if each.kind == "missing"]
    assert any("there is masks/c2_1_1.png: masks are named without the composite's last number" in each for each in reasons)


@pytest.mark.parametrize("orientation", [3, 6])
def test_a_mask_is_compared_as_it_is_stored_as_its_pictures_are(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    mask = np.zeros((48, 64), np.uint8)
    mask[7:31, 9:40] = 255
    Image.fromarray(mask).save(tmp_path / "c1_1.png", exif=exif)
    assert np.array_equal(read_matte(tmp_path / "c1_1.png"), mask)
