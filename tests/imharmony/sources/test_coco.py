"""COCO from any mirror: the same photographs, whole, whatever the mirror does to them."""

import json
import shutil
import zipfile
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

import pytest

from imharmony.errors import InputError
from imharmony.running.processes import Run
from imharmony.sources import photographs
from imharmony.sources.annotations import write_instances
from imharmony.sources.coco import fetch_coco, list_coco
from imharmony.sources.zips import zip_directory_problem
from imharmony.storage.shards import ShardReader
from imharmony.storage.tables import read_table
from tests.imharmony.sources.coco_mirror import SQUARE, instances, photograph, serving, truncated_zip, write_mirror

TRAIN, VAL = list(range(1, 9)), list(range(101, 105))
OPTIONS = {"parallel": 4, "attempts": 4, "timeout_seconds": 5.0, "workers": 1}
SPLITS = ["train2017", "val2017"]


@pytest.fixture
def mirror(tmp_path):
    return write_mirror(tmp_path / "mirror", train=TRAIN, val=VAL)


def listed(address, tmp_path, name="a"):
    list_coco(out=tmp_path / name / "source", work=tmp_path / name / "work", mirror=str(address), splits=SPLITS, **OPTIONS)
    return read_table(tmp_path / name / "source" / "photographs.parquet")


def counted(listing):
    """How many photographs each split has."""
    return Counter(listing["official_split"].to_pylist())


def fetched(address, tmp_path, name="a", first=12, **machines):
    listing = listed(address, tmp_path, name)
    out, options = tmp_path / name / "images", OPTIONS | machines
    fetch_coco(
        listing.slice(0, first),
        listed=counted(listing),
        source=tmp_path,
        out=out,
        work=tmp_path / name / "work",
        mirror=str(address),
        **options,
    )
    reader = ShardReader(out)
    return {row["image_id"]: reader.value(row["shard"], row["row"], "jpeg") for row in read_table(out / "photographs.parquet").to_pylist()}


def test_every_way_to_a_mirror_gives_the_same_photographs(mirror, tmp_path):
    expected = {image_id: photograph(image_id) for image_id in TRAIN + VAL}
    assert fetched(mirror, tmp_path, "folder") == expected
    assert fetched(mirror.as_uri(), tmp_path, "uri") == expected
    with serving(mirror) as server:
        assert fetched(server.address, tmp_path, "web") == expected
    files = [(tmp_path / name / "images" / "shard-00000.arrow").read_bytes() for name in ("folder", "uri", "web")]
    assert files[0] == files[1] == files[2]


@pytest.mark.parametrize("machines", [{"workers": 2}, {"workers": 2, "cluster_address": "local"}], ids=["processes", "cluster"])
@pytest.mark.parametrize("has_archives", [True, False], ids=["verified", "judged"])
def test_engines_change_no_byte_and_fetch_nothing_twice(mirror, tmp_path, monkeypatch, machines, has_archives):
    if not has_archives:
        shutil.rmtree(mirror / "zips")
    expected = {image_id: photograph(image_id) for image_id in TRAIN + VAL}
    assert fetched(mirror, tmp_path, "here") == expected
    for name, value in {"PHOTOGRAPHS_PER_JOB": 3, "WORTH_A_PROCESS": 1, "WHOLE_ARCHIVE": 1.0}.items():
        monkeypatch.setattr(photographs, name, value)
    with serving(mirror) as server:
        server.faults |= {"/train2017/000000000002.jpg": ["cut"], "/train2017/000000000003.jpg": [503]}
        assert fetched(server.address, tmp_path, "others", **machines) == expected
    assert {server.requests[f"/train2017/{image_id:012d}.jpg"] for image_id in TRAIN} == {1, 2}
    shards = [[path.read_bytes() for path in sorted((tmp_path / name / "images").iterdir())] for name in ("here", "others")]
    assert shards[0] == shards[1]


@dataclass
class Postponed:
    """A job that is done when somebody waits for its result."""

    function: Callable
    job: object
    is_done: bool = False

    def result(self):
        self.is_done = True
        return self.function(self.job)

    def cancel(self) -> None: ...


@pytest.mark.parametrize(("workers", "connections", "at_once"), [(2, 2, 4), (3, 1, 4), (8, 1, 4)])
def test_all_workers_together_have_as_many_connections_as_one_alone(mirror, tmp_path, monkeypatch, workers, connections, at_once):
    begun: list[Postponed] = []
    unfinished = []

    def submit(function, job) -> Postponed:
        begun.append(Postponed(function, job))
        if getattr(function, "func", None) is photographs.bring_photographs:
            assert function.args[0].connections == connections
            unfinished.append(sum(not each.is_done for each in begun))
        return begun[-1]

    monkeypatch.setattr(photographs, "PHOTOGRAPHS_PER_JOB", 1)
    monkeypatch.setattr(photographs, "engine", lambda *_, **__: nullcontext(Run(workers, submit)))
    assert fetched(mirror, tmp_path) == {image_id: photograph(image_id) for image_id in TRAIN + VAL}
    assert max(unfinished) == at_once
    assert min(workers, at_once) * connections <= OPTIONS["parallel"]


def test_checksums_come_from_the_archives_directory_without_fetching_the_archive(mirror, tmp_path):
    with serving(mirror) as server:
        photographs = listed(server.address, tmp_path)
    assert photographs.column("size_bytes").to_pylist() == [len(photograph(i)) for i in TRAIN + VAL]
    assert photographs.column("crc32").null_count == 0
    assert server.requests["/zips/train2017.zip"] == len([path for path in server.ranged if path == "/zips/train2017.zip"])


def test_a_damaged_reading_of_a_directory_is_read_again(mirror, tmp_path):
    with serving(mirror) as server:
        server.faults["/zips/train2017.zip"] = [206, "corrupt", "cut", 503]
        server.faults["/zips/train2017.zip"].pop(0)
        photographs = listed(server.address, tmp_path)
    assert photographs.column("size_bytes").to_pylist() == [len(photograph(i)) for i in TRAIN + VAL]


def test_few_photographs_are_fetched_one_by_one_and_a_damaged_one_again(mirror, tmp_path):
    with serving(mirror) as server:
        server.faults |= {"/train2017/000000000002.jpg": ["corrupt"], "/train2017/000000000003.jpg": ["cut", 503]}
        assert fetched(server.address, tmp_path, first=3) == {i: photograph(i) for i in (1, 2, 3)}
    assert server.requests["/train2017/000000000002.jpg"] == 2
    assert server.requests["/train2017/000000000004.jpg"] == 0


def test_a_member_damaged_in_a_whole_archive_is_fetched_alone(mirror, tmp_path):
    archive = mirror / "zips" / "train2017.zip"
    with serving(mirror) as server:
        listing = listed(server.address, tmp_path)
        data = bytearray(archive.read_bytes())
        data[data.index(photograph(4)) + 300] ^= 255
        archive.write_bytes(bytes(data))
        out, work = tmp_path / "images", tmp_path / "a" / "work"
        fetch_coco(listing, listed=counted(listing), source=tmp_path, out=out, work=work, mirror=server.address, **OPTIONS)
    assert server.requests["/train2017/000000000004.jpg"] == 1
    assert server.requests["/train2017/000000000005.jpg"] == 0
    row = read_table(out / "photographs.parquet").to_pylist()[3]
    assert ShardReader(out).value(row["shard"], row["row"], "jpeg") == photograph(4)


def test_what_was_fetched_is_not_fetched_again(mirror, tmp_path):
    with serving(mirror) as server:
        fetched(server.address, tmp_path, first=3)
        before = server.requests["/train2017/000000000001.jpg"]
        fetched(server.address, tmp_path, first=4)
    assert server.requests["/train2017/000000000001.jpg"] == before == 1


def test_without_archives_decoding_and_dimensions_decide(mirror, tmp_path):
    for archive in (mirror / "zips").iterdir():
        archive.unlink()
    wrong = mirror / "train2017" / "000000000002.jpg"
    wrong.write_bytes(wrong.read_bytes()[:200])
    with serving(mirror) as server, pytest.raises(InputError, match=r"000000000002\.jpg: .*not a readable image.*after 4 attempts"):
        fetched(server.address, tmp_path)


def test_a_photograph_of_other_dimensions_is_named(mirror, tmp_path):
    for archive in (mirror / "zips").iterdir():
        archive.unlink()
    content = instances(TRAIN) | {"images": [image | {"width": 65} for image in instances(TRAIN)["images"]]}
    with zipfile.ZipFile(mirror / "annotations" / "annotations_trainval2017.zip", "w") as archive:
        archive.writestr("annotations/instances_train2017.json", json.dumps(content))
        archive.writestr("annotations/instances_val2017.json", json.dumps(instances(VAL)))
    with pytest.raises(InputError, match=r"00000000000\d\.jpg: 64x48 pixels; the json says 65x48; replace the file"):
        fetched(mirror, tmp_path)


def test_a_half_written_archive_of_annotations_is_named(mirror, tmp_path):
    (mirror / "annotations" / "annotations_trainval2017.zip").write_bytes(truncated_zip())
    with pytest.raises(InputError, match=r"annotations_trainval2017\.zip: not a whole zip archive"):
        listed(mirror, tmp_path)


def test_unzipped_annotations_and_an_images_folder_are_a_mirror_too(mirror, tmp_path):
    with zipfile.ZipFile(mirror / "annotations" / "annotations_trainval2017.zip") as archive:
        archive.extractall(mirror)
    (mirror / "annotations" / "annotations_trainval2017.zip").unlink()
    (mirror / "images").mkdir()
    for split in ("train2017", "val2017"):
        (mirror / "zips" / f"{split}.zip").unlink()
        (mirror / split).rename(mirror / "images" / split)
    assert fetched(mirror, tmp_path) == {image_id: photograph(image_id) for image_id in TRAIN + VAL}


@pytest.mark.parametrize("address", ["/nowhere/at/all", "file:///nowhere", "ftp://server/coco"])
def test_a_mirror_that_is_none_is_one_line(tmp_path, address):
    with pytest.raises(InputError, match=r"no such folder|expected https://"):
        listed(address, tmp_path)


def test_the_tables_hold_what_the_json_says(tmp_path):
    write_instances([(json.dumps(instances([1, 5])).encode, "x", "train2017")], out=tmp_path)
    photographs, annotated = (read_table(tmp_path / f"{name}.parquet") for name in ("photographs", "instances"))
    assert photographs.column("licence").to_pylist() == ["Attribution License", "Attribution-NoDerivs License"]
    row = annotated.to_pylist()[1]
    assert (row["annotation_id"], row["image_id"], row["category"], row["width"]) == (50, 5, "person", 64)
    assert json.loads(row["segmentation"]) == SQUARE


def test_of_listed_images_alone_there_are_instances_and_all_photographs_stay_listed(mirror, tmp_path):
    (tmp_path / "listed.csv").write_text("image_id\n3\n102\n")
    options = {**OPTIONS, "mirror": str(mirror), "splits": SPLITS, "work": tmp_path / "work"}
    list_coco(out=tmp_path / "all", **options)
    list_coco(out=tmp_path / "some", images=str(tmp_path / "listed.csv"), **options)
    every, some = (read_table(tmp_path / name / "instances.parquet").to_pylist() for name in ("all", "some"))
    assert some == [row for row in every if row["image_id"] in {3, 102}]
    assert {row["image_id"] for row in some} == {3, 102}
    assert read_table(tmp_path / "some" / "photographs.parquet").equals(read_table(tmp_path / "all" / "photographs.parquet"))


def test_a_listed_image_that_no_split_has_is_named(mirror, tmp_path):
    (tmp_path / "listed.csv").write_text("image_id\n3\n77\n")
    with pytest.raises(InputError, match="1 of 2 listed images are in no split, the first is image_id 77"):
        list_coco(out=tmp_path / "out", work=tmp_path, mirror=str(mirror), splits=SPLITS, images=str(tmp_path / "listed.csv"), **OPTIONS)


def test_a_photograph_in_two_splits_is_named(tmp_path):
    data = json.dumps(instances([1, 2])).encode
    with pytest.raises(InputError, match="the splits together: an id of photographs occurs twice"):
        write_instances([(data, "a", "train2017"), (data, "b", "val2017")], out=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_archive_in_a_folder_is_one_line(mirror, tmp_path):
    (mirror / "zips" / "train2017.zip").write_bytes(truncated_zip())
    with pytest.raises(InputError, match=r"train2017\.zip: not a whole zip archive.*replace the file"):
        listed(mirror, tmp_path)


def test_a_directory_with_a_flipped_bit_is_never_a_crash(mirror, tmp_path):
    data = (mirror / "zips" / "val2017.zip").read_bytes()
    for seed in range(300):
        damaged = bytearray(data)
        damaged[-1 - seed] ^= 1 << seed % 8
        (tmp_path / "damaged.zip").write_bytes(bytes(damaged))
        assert (zip_directory_problem(tmp_path / "damaged.zip") or "not a whole zip archive").startswith("not a whole zip archive")


def test_what_rotted_in_the_work_folder_is_fetched_anew(mirror, tmp_path):
    with serving(mirror) as server:
        fetched(server.address, tmp_path, first=3)
        (tmp_path / "a" / "work" / "train2017" / "000000000002.jpg").write_bytes(photograph(3))
        assert fetched(server.address, tmp_path, first=3) == {i: photograph(i) for i in (1, 2, 3)}
    assert server.requests["/train2017/000000000002.jpg"] == 2


def test_without_checksums_a_warning_of_libjpeg_is_damage_and_the_count_is_said_once(mirror, tmp_path, caplog):
    for archive in (mirror / "zips").iterdir():
        archive.unlink()
    listing = listed(mirror, tmp_path)
    damaged = mirror / "train2017" / "000000000002.jpg"
    damaged.write_bytes(damaged.read_bytes()[:-2] + b"1234567890\xff\xd9")
    with pytest.raises(InputError, match=r"000000000002\.jpg: Corrupt JPEG data: .*; replace the file"):
        fetch_coco(
            listing, listed=counted(listing), source=tmp_path, out=tmp_path / "o", work=tmp_path / "w", mirror=str(mirror), **OPTIONS
        )
    assert caplog.text.count("12 of 12 photographs have no checksum from their source") == 1


def test_a_mirror_that_sends_more_than_the_known_size_is_cut_off_there(mirror, tmp_path):
    folders = {"source": tmp_path, "out": tmp_path / "o", "work": tmp_path / "w"}
    with serving(mirror) as server:
        listing = listed(server.address, tmp_path)
        path = mirror / "train2017" / "000000000001.jpg"
        path.write_bytes(path.read_bytes() + bytes(1 << 20))
        expected = f"expected at most {listing['size_bytes'][0].as_py()} after 4 attempts"
        with pytest.raises(InputError, match=rf"000000000001\.jpg: \d+ bytes came or were promised; {expected}"):
            fetch_coco(listing.slice(0, 1), listed=counted(listing), mirror=server.address, **folders, **OPTIONS)


@pytest.mark.parametrize("name", ["写真 1.jpg", "sub folder/ä#1?.jpg", "100%.jpg"])
def test_a_name_of_any_script_is_found_on_a_server_and_in_a_folder(mirror, tmp_path, name):
    content = instances(TRAIN)
    content["images"][0]["file_name"] = name
    with zipfile.ZipFile(mirror / "annotations" / "annotations_trainval2017.zip", "w") as archive:
        archive.writestr("annotations/instances_train2017.json", json.dumps(content))
        archive.writestr("annotations/instances_val2017.json", json.dumps(instances(VAL)))
    for archive in (mirror / "zips").iterdir():
        archive.unlink()
    target = mirror / "train2017" / name
    target.parent.mkdir(exist_ok=True)
    (mirror / "train2017" / "000000000001.jpg").rename(target)
    assert fetched(mirror, tmp_path, "folder", first=1) == {1: photograph(1)}
    with serving(mirror) as server:
        assert fetched(server.address, tmp_path, "web", first=1) == {1: photograph(1)}


@pytest.mark.parametrize("name", ["annotations/annotations_trainval2017.zip", "zips/train2017.zip"])
def test_a_folder_in_place_of_a_file_is_named(mirror, tmp_path, name):
    (mirror / name).unlink()
    (mirror / name).mkdir()
    with pytest.raises(InputError, match=rf"{name}: a folder; expected a"):
        listed(mirror, tmp_path)
