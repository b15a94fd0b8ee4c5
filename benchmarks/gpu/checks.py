"""Whether training on the device is right: the tests for accelerators, resuming to the same bits, bf16 against fp32."""

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

import torch

from benchmarks.gpu.loops import learning
from benchmarks.gpu.records import Job, Row, SkippedError
from benchmarks.gpu.scale import NETWORKS, Scale, drawn_split, harmonizer_of, members_of, objective_of, recipe_of
from imharmony.colour.ranges import metric_from_network
from imharmony.networks.harmonizer import Harmonizer
from imharmony.running.randomness import deterministic_algorithms
from imharmony.training.batches import Batches
from imharmony.training.loop import Precision, fit, resolve_precision
from imharmony.training.state import HistoryRow

ROOT = Path(__file__).resolve().parent.parent.parent
PRECISIONS: tuple[Precision, ...] = ("fp32", "bf16")
BATCH, EPOCHS = 4, 3
COUNTS = re.compile(r"(\d+) (passed|failed|skipped|error)")


class _KilledError(Exception):
    pass


def checks_of_tests(scale: Scale) -> Sequence[Job]:
    """The tests marked ``gpu``; on a processor they are skipped and say so."""
    return [Job({"tests": "marked gpu"}, lambda seconds: _tested(scale, seconds))]


def _tested(scale: Scale, seconds: float) -> Row:
    files = sorted(str(path) for path in (ROOT / "tests").rglob("test_*.py") if "mark.gpu" in path.read_text(encoding="utf-8"))
    if not files:
        raise SkippedError("no tests here; run it from a checkout")
    command = [sys.executable, "-m", "pytest", "-q", "-m", "gpu", "-p", "no:cacheprovider", *files]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=max(seconds, 1), check=False)
    except subprocess.TimeoutExpired as error:
        raise SkippedError(f"not finished in its {error.timeout:.0f} s") from error
    lines = done.stdout.strip().splitlines() or [""]
    counts = {kind: int(number) for number, kind in COUNTS.findall(lines[-1])}
    failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
    return {"exit_code": done.returncode, "device": scale.device.type, **counts, **({"names": failed} if failed else {})}


def checks_of_resuming(scale: Scale) -> Sequence[Job]:
    """Each network, in both precisions: undisturbed, and killed after its first epoch."""

    def job(name: str, precision: Precision) -> Job:
        return Job({"network": name, "precision": precision}, lambda _: _resumed(scale, name, precision))

    return [job(name, precision) for precision in PRECISIONS for name in NETWORKS]


def _resumed(scale: Scale, name: str, precision: Precision) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        straight = _trained(scale, name, precision, Path(folder, "straight"))
        with_kill = Path(folder, "killed")
        with suppress(_KilledError):
            _trained(scale, name, precision, with_kill, killed_after=1)
        resumed = _trained(scale, name, precision, with_kill)
    (harmonizer, history), (other, again) = straight, resumed
    weights, others = harmonizer.state_dict(), other.state_dict()
    return {
        "equal_weights": all(torch.equal(tensor, others[key]) for key, tensor in weights.items()),
        "equal_history": history == again,
        "epochs": EPOCHS,
    }


def _trained(
    scale: Scale, name: str, precision: Precision, folder: Path, *, killed_after: int | None = None
) -> tuple[Harmonizer, list[HistoryRow]]:
    def on_epoch(row: HistoryRow) -> None:
        if row["epoch"] == killed_after:
            raise _KilledError

    harmonizer = harmonizer_of(name, scale, members=members_of(name, BATCH))
    few = scale.pictures // 4
    history = fit(
        harmonizer=harmonizer,
        train=drawn_split(max(few, BATCH), scale.size_px, seed=1),
        val=drawn_split(2, scale.size_px, seed=2),
        objective=objective_of(name),
        critic=None,
        recipe=recipe_of(name, batch_size=BATCH, epochs=EPOCHS, precision=precision, steps=3),
        device=scale.device,
        folder=folder,
        on_epoch=on_epoch,
    )
    return harmonizer, history


def checks_of_precision(scale: Scale) -> Sequence[Job]:
    """The same steps from the same weights in fp32 and in bf16."""
    return [Job({"network": name, "batch": BATCH, "steps": scale.steps}, lambda _, name=name: _compared(scale, name)) for name in NETWORKS]


def _compared(scale: Scale, name: str) -> Row:
    (single, picture), (half, other) = (_after_steps(scale, name, precision) for precision in PRECISIONS)
    apart = (picture - other).abs()
    return {
        "first_loss_fp32": single[0],
        "first_loss_bf16": half[0],
        "last_loss_fp32": single[-1],
        "last_loss_bf16": half[-1],
        "largest_relative_difference_of_a_loss": max(abs(b - a) / abs(a) for a, b in zip(single, half, strict=True)),
        "outputs_apart_mean_levels": apart.mean().item(),
        "outputs_apart_largest_levels": apart.max().item(),
        "auto_is": resolve_precision("auto", scale.device),
    }


def _after_steps(scale: Scale, name: str, precision: Precision) -> tuple[list[float], torch.Tensor]:
    """The loss of each step, and the last weights' pictures (B, 3, S, S) of the first pictures, in levels, computed in fp32."""
    recipe = recipe_of(name, batch_size=BATCH, epochs=10**4, precision=precision, steps=scale.steps)
    with deterministic_algorithms():
        harmonizer, steps = learning(scale, name, recipe)
        losses = [each["g_loss"] for each in islice(steps, scale.steps)]
        steps.close()
    batch = next(Batches(scale.split, device=scale.device).in_order(BATCH))
    harmonizer.infer()
    with torch.no_grad():
        return torch.stack(losses).tolist(), metric_from_network(harmonizer(batch.composite, batch.mask)).cpu()
