"""The script for an accelerator, in miniature on the processor."""

import json
import shutil
import sys
import time

import numpy as np
import pytest
import torch

from benchmarks.gpu import __main__ as script
from benchmarks.gpu import runs, speed
from benchmarks.gpu.checks import checks_of_precision, checks_of_resuming, checks_of_tests
from benchmarks.gpu.loops import Options, _pictures, learning, plain_step
from benchmarks.gpu.records import MEASURED, NOT_REACHED, Job, Record, SkippedError
from benchmarks.gpu.scale import NETWORKS, Scale, recipe_of
from tests.conftest import ROOT

CPU = torch.device("cpu")
SCALE = Scale.of(CPU)


def test_all_parts_are_in_the_file_with_what_they_were_run_on(tmp_path):
    script.run(CPU, minutes=0.3, out=tmp_path / "gpu.json")
    told = json.loads((tmp_path / "gpu.json").read_text())
    assert told["device"] == "cpu, in miniature"
    assert told["minutes"] == 0.3
    assert told["data"] == {"what": "8 drawn pictures of 32 px", "hash": SCALE.data_hash}
    assert told["software"]["torch"] == torch.__version__
    assert len(told["code"]["training"]) == 16
    assert {"processor", "cores", "memory_gib", "accelerators"} <= told["hardware"].keys()
    assert list(told["rows"]) == ["tests", "resumed", "precision", "speed", "processes", "starter"]
    rows = [row for part in told["rows"].values() for row in part]
    assert len(rows) == sum(len(part.jobs(SCALE)) for part in script.PARTS)
    assert [row for row in rows if row["status"].startswith("failed")] == []
    assert {row["status"] for row in rows} & {MEASURED, NOT_REACHED}
    assert all("seconds" not in row for row in rows if row["status"] == NOT_REACHED)


def ended(monkeypatch, capsys, *arguments: str) -> str:
    monkeypatch.setattr(sys, "argv", ["gpu", *arguments])
    with pytest.raises(SystemExit) as end:
        script.main()
    assert end.value.code == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    return line


def test_without_a_device_it_says_what_is_missing(monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert "torch finds no CUDA device here; run it where there is one, or give --device cpu" in ended(monkeypatch, capsys)


@pytest.mark.parametrize("minutes", ["0", "-1", "nan", "inf"])
def test_minutes_are_some(monkeypatch, capsys, minutes):
    assert "expected a number of minutes" in ended(monkeypatch, capsys, "--device", "cpu", "--minutes", minutes)


def fails(_seconds: float) -> dict:
    raise ValueError("no\nluck")


def skips(_seconds: float) -> dict:
    raise SkippedError("nothing here")


def stops(_seconds: float) -> dict:
    raise KeyboardInterrupt


def test_each_row_is_on_the_disk_before_the_next_is_begun_and_one_that_fails_takes_no_other_with_it(tmp_path):
    measures = {"one": lambda _: {"value": 1}, "two": fails, "three": skips, "late": lambda _: {"value": 2}, "four": stops, "five": fails}
    jobs = [Job({"name": name}, measure, 1e6 if name == "late" else 0.0) for name, measure in measures.items()]
    path = tmp_path / "new" / "gpu.json"
    record = Record(path, SCALE, minutes=1, planned={"part": [job.what for job in jobs]})
    with pytest.raises(KeyboardInterrupt):
        record.run("part", jobs, until=1.0)
    rows = json.loads(path.read_text())["rows"]["part"]
    assert [row["name"] for row in rows] == list(measures)
    assert [row["status"] for row in rows] == [
        MEASURED,
        "failed: ValueError: no luck",
        "skipped: nothing here",
        NOT_REACHED,
        NOT_REACHED,
        NOT_REACHED,
    ]
    assert rows[0]["value"] == 1


def test_after_its_share_of_the_time_no_row_is_begun(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])

    def takes_25_s(seconds: float) -> dict:
        now[0] += 25
        return {"given": seconds}

    jobs = [Job({"row": number}, takes_25_s) for number in range(4)]
    record = Record(tmp_path / "gpu.json", SCALE, minutes=1, planned={"part": [job.what for job in jobs]})
    record.run("part", jobs, until=0.5)
    rows = json.loads((tmp_path / "gpu.json").read_text())["rows"]["part"]
    assert [row.get("given") for row in rows] == [30 / 4, 5 / 3, None, None]
    assert [row["status"] for row in rows] == [MEASURED, MEASURED, NOT_REACHED, NOT_REACHED]


def job_of(jobs, **what) -> Job:
    (found,) = (job for job in jobs if what.items() <= job.what.items())
    return found


@pytest.mark.parametrize("name", ["attention_unet", "regions"])
def test_a_killed_training_is_seen_to_resume(name):
    row = job_of(checks_of_resuming(SCALE), network=name, precision="fp32").measure(1)
    assert row == {"equal_weights": True, "equal_history": True, "epochs": 3}


def test_a_training_that_does_not_resume_is_seen(monkeypatch):
    calls = []

    def other(trained, *arguments, **options):
        calls.append(options)
        harmonizer, history = trained(*arguments, **options)
        if len(calls) == 3:
            next(harmonizer.parameters()).data.add_(1)
        return harmonizer, history

    from benchmarks.gpu import checks

    monkeypatch.setattr(checks, "_trained", lambda *arguments, trained=checks._trained, **options: other(trained, *arguments, **options))
    row = job_of(checks_of_resuming(SCALE), network="idih", precision="fp32").measure(1)
    assert (row["equal_weights"], row["equal_history"]) == (False, True)


def test_precisions_are_compared_from_the_same_start(monkeypatch):
    row = job_of(checks_of_precision(SCALE), network="idih").measure(1)
    assert row["first_loss_fp32"] == pytest.approx(row["first_loss_bf16"], rel=0.1)
    assert row["auto_is"] == "fp32"
    monkeypatch.setattr("benchmarks.gpu.checks.PRECISIONS", ("fp32", "fp32"))
    row = job_of(checks_of_precision(SCALE), network="idih").measure(1)
    assert (row["largest_relative_difference_of_a_loss"], row["outputs_apart_largest_levels"]) == (0, 0)


def test_the_tests_of_the_marker_are_found_and_where_there_is_no_device_they_are_skipped(monkeypatch):
    (job,) = checks_of_tests(SCALE)
    seen = []
    said = "FAILED tests/a.py::test_b\n== 1 failed, 3 passed, 2 skipped in 1.00s =="
    done = type("Done", (), {"stdout": said, "returncode": 1})
    monkeypatch.setattr("benchmarks.gpu.checks.subprocess.run", lambda command, **_: seen.append(command) or done)
    row = job.measure(5)
    assert row == {"exit_code": 1, "device": "cpu", "failed": 1, "passed": 3, "skipped": 2, "names": ["FAILED tests/a.py::test_b"]}
    assert {"tests/imharmony/training/test_on_a_gpu.py", "tests/imharmony/training/test_batches.py"} <= {
        path.removeprefix(f"{ROOT}/") for path in seen[0]
    }


def test_a_rate_is_of_the_steps_after_the_first_few(monkeypatch):
    now, steps = [0.0], []
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])

    def step() -> None:
        steps.append(None)
        now[0] += 100 if len(steps) <= speed.WARM_UP else 0.1

    assert speed.images_per_second(step, 16, 2.0, CPU) == pytest.approx(160)
    assert len(steps) == speed.WARM_UP + 1 + 2 + 4 + 8  # a second in steps of 0.1 s, looked at after 1, 3, 7 and 15


@pytest.mark.parametrize("name", NETWORKS)
def test_both_loops_learn(name):
    recipe = recipe_of(name, batch_size=2, epochs=10, precision="fp32")
    _, steps = learning(SCALE, name, recipe)
    assert next(steps)["g_loss"].isfinite()
    plain = plain_step(SCALE, name, 2, Options(fused=True, resident=True, channels_last=True))
    plain()
    plain()


@pytest.mark.parametrize("resident", [True, False])
def test_the_plain_loops_pictures_are_the_splits(resident):
    torch.manual_seed(0)
    batch = next(_pictures(SCALE, 4, Options(resident=resident)))
    torch.manual_seed(0)
    index = torch.randint(SCALE.pictures, (4,)).numpy()
    levels = batch.composite.permute(0, 2, 3, 1).add(1).mul(127.5).round().numpy()
    assert (levels == SCALE.split.composite[index]).all()
    assert (batch.mask[:, 0].numpy() * 255 == SCALE.split.mask[index]).all()


def test_work_is_counted_by_picture():
    assert speed._flops(SCALE, "idih", 4) == 2 * speed._flops(SCALE, "idih", 2) > 0


def test_a_share_is_of_the_peak_that_was_measured():
    known = speed.Known(SCALE, flops={("unet", 4): 8 * 10**9}, plain={("unet", 4): 50.0})
    assert known.told("unet", 4, 100.0)["share_of_peak"] is None
    known.peak = 1e12
    row = known.told("unet", 4, 100.0)
    assert (row["ratio_to_plain"], row["gflop_per_image"], row["tflop_per_s"], row["share_of_peak"]) == (2.0, 2.0, 0.2, 0.2)


def test_rows_that_need_cuda_say_so_and_no_row_comes_twice():
    jobs = speed.checks_of_speed(SCALE)
    assert len({json.dumps(job.what) for job in jobs}) == len(jobs)
    for option in ("channels_last", "fused", "resident", "graphs", "compiled"):
        assert {job.what[option] for job in jobs if job.what["loop"] == "plain"} == {True, False}
    with pytest.raises(SkippedError, match="CUDA graphs need CUDA"):
        next(job for job in jobs if job.what.get("graphs")).measure(1)


def test_a_part_for_which_something_is_missing_says_what(monkeypatch, tmp_path):
    cuda = Scale(torch.device("cuda"), 32, 1 / 16, 8, (2,), 3, 64, 1.0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(SkippedError, match="1 device here; two are needed"):
        runs.checks_of_processes(cuda)[0].measure(1)
    (tmp_path / "starter").mkdir()
    shutil.copy(ROOT / "starter" / "params.yaml", tmp_path / "starter")
    monkeypatch.setattr(runs, "WORKSPACE", tmp_path / "starter")
    with pytest.raises(SkippedError, match=r"starter/data/starter/composites/free_objects/manifest\.parquet is not there; `make starter`"):
        runs.checks_of_starter(cuda)[0].measure(1)
    with pytest.raises(SkippedError, match="not in miniature"):
        runs.checks_of_starter(SCALE)[0].measure(1)


@pytest.mark.slow
def test_two_processes_are_measured_against_one():
    row = runs.checks_of_processes(SCALE)[0].measure(200)
    assert row["ratio"] == row["images_per_s_of_2"] / row["images_per_s_of_1"] > 0


def test_drawn_pictures_are_the_same_again():
    assert Scale.of(CPU).data_hash == SCALE.data_hash
    assert np.unique(SCALE.split.mask).tolist() == [0, 255]
