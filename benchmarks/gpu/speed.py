"""Images a second of both loops in bfloat16, and what share of the device's peak that is."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.gpu.loops import Options, Step, learning, plain_step
from benchmarks.gpu.records import Job, Row, SkippedError
from benchmarks.gpu.scale import NETWORKS, Scale, members_of, recipe_of
from imharmony.running.randomness import deterministic_algorithms

WARM_UP = 3
LONGEST_S = 1.5  # of one measurement
MOST_BETWEEN = 64  # steps between two looks at the clock
PICTURES = tuple(name for name in NETWORKS if name != "regions")
TOGETHER = Options(channels_last=True, fused=True, resident=True)
EAGER = (TOGETHER, Options(resident=True), Options(fused=True), Options(channels_last=True))
CAPTURED = (replace(TOGETHER, graphs=True), Options(graphs=True))
COMPILED = (Options(compiled=True), replace(TOGETHER, compiled=True))


@dataclass
class Known:
    """What later rows are compared with."""

    scale: Scale
    peak: float | None = None  # FLOP a second
    plain: dict[tuple[str, int], float] = field(default_factory=dict)
    flops: dict[tuple[str, int], int] = field(default_factory=dict)

    def told(self, name: str, batch_size: int, rate: float) -> Row:
        """A rate, its ratio to the plain loop without any option, and its share of the peak; null where that was not measured."""
        key = name, batch_size
        if key not in self.flops:
            self.flops[key] = _flops(self.scale, name, batch_size)
        a_second = self.flops[key] / batch_size * rate
        return {
            "images_per_s": rate,
            "ratio_to_plain": rate / self.plain[key] if key in self.plain else None,
            "gflop_per_image": self.flops[key] / batch_size / 1e9,
            "tflop_per_s": a_second / 1e12,
            "share_of_peak": None if self.peak is None else a_second / self.peak,
            "members": members_of(name, batch_size),
        }


def checks_of_speed(scale: Scale) -> Sequence[Job]:
    """The peak; both loops as they are; the options together and one by one, then CUDA graphs, then what is compiled.

    ``regions`` has no pictures to keep near, and asks which points are whose, for which a captured or compiled step cannot wait.
    """
    known = Known(scale)
    peak = Job({"loop": "matmul", "side": scale.matmul, "precision": "bf16"}, partial(_peak, known))
    return [peak, *_first(known), *_options(known), *_captured(known), *_compiled(known)]


def _first(known: Known) -> Iterator[Job]:
    for batch_size in known.scale.batch_sizes:
        for name in NETWORKS:
            yield _plain(known, name, batch_size, Options())
            yield _ours(known, name, batch_size)


def _options(known: Known) -> Iterator[Job]:
    for batch_size in known.scale.batch_sizes:
        for name in PICTURES:
            yield _ours(known, name, batch_size, channels_last=True)
            yield from (_plain(known, name, batch_size, options) for options in EAGER)
        yield _plain(known, "regions", batch_size, Options(fused=True))


def _captured(known: Known) -> Iterator[Job]:
    for batch_size in known.scale.batch_sizes:
        yield from (_plain(known, name, batch_size, options) for name in PICTURES for options in CAPTURED)


def _compiled(known: Known) -> Iterator[Job]:
    for batch_size in known.scale.batch_sizes:
        for name in PICTURES:
            yield _ours(known, name, batch_size, compiled=True)
            yield from (_plain(known, name, batch_size, options) for options in COMPILED)


def _ours(known: Known, name: str, batch_size: int, *, compiled: bool = False, channels_last: bool = False) -> Job:
    """The library's loop, whose Adam is fused and whose data are on the device as uint8 where they fit."""
    options = Options(compiled=compiled, channels_last=channels_last, fused=True, resident=known.scale.device.type == "cuda")

    def measure(seconds: float) -> Row:
        plain = recipe_of(name, batch_size=batch_size, epochs=10**6, precision="bf16", steps=10**6)
        recipe = replace(plain, compiled=compiled, channels_last=channels_last)
        with deterministic_algorithms():  # as it always trains
            _, steps = learning(known.scale, name, recipe)
            return known.told(name, batch_size, images_per_second(lambda: next(steps), batch_size, seconds, known.scale.device))

    return Job(_named("ours", name, batch_size, options), measure, known.scale.least_compiled_s if compiled else 0.0)


def _plain(known: Known, name: str, batch_size: int, options: Options) -> Job:
    def measure(seconds: float) -> Row:
        if options.graphs and known.scale.device.type != "cuda":
            raise SkippedError("CUDA graphs need CUDA")
        step = plain_step(known.scale, name, batch_size, options)
        rate = images_per_second(step, batch_size, seconds, known.scale.device)
        if options == Options():
            known.plain[name, batch_size] = rate
        return known.told(name, batch_size, rate)

    return Job(_named("plain", name, batch_size, options), measure, known.scale.least_compiled_s if options.compiled else 0.0)


def _named(loop: str, name: str, batch_size: int, options: Options) -> Row:
    return {"loop": loop, "network": name, "batch": batch_size, "precision": "fp32" if name == "regions" else "bf16", **vars(options)}


def images_per_second(step: Step, batch_size: int, seconds: float, device: torch.device) -> float:
    """Of steps that go on for half of the seconds, after a few that do not count; the other half is what came before."""
    wait: Callable[[], None] = torch.cuda.synchronize if device.type == "cuda" else _nothing
    for _ in range(WARM_UP):
        step()
    wait()
    done, several, begin, longest = 0, 1, time.perf_counter(), min(seconds / 2, LONGEST_S)
    while (spent := time.perf_counter() - begin) < longest or done < WARM_UP:
        for _ in range(several):
            step()
        wait()
        done, several = done + several, min(2 * several, MOST_BETWEEN)
    return done * batch_size / spent


def _nothing() -> None:
    pass


def _peak(known: Known, seconds: float) -> Row:
    """FLOP a second of the largest product of matrices: 2 n³ each."""
    side, device = known.scale.matmul, known.scale.device
    one, other = (torch.randn(side, side, device=device, dtype=torch.bfloat16) for _ in range(2))
    known.peak = images_per_second(lambda: one @ other, 1, seconds, device) * 2 * side**3
    return {"tflop_per_s": known.peak / 1e12}


def _flops(scale: Scale, name: str, batch_size: int) -> int:
    """Of one step, forward and backward, as torch counts them: products of matrices and convolutions."""
    step = plain_step(scale, name, batch_size, Options())
    with FlopCounterMode(display=False) as counter:
        step()
    return counter.get_total_flops()
