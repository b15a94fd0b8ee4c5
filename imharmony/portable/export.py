"""A trained harmonizer, detector or matting network as one ONNX file, which this package's sessions run without torch.
Writing one needs the extra `export`.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from imharmony.checkpoint import input_of, load_harmonizer
from imharmony.errors import InputError
from imharmony.networks.blocks import Generator
from imharmony.networks.harmonizer import Harmonizer, InferenceMode
from imharmony.networks.region_ensemble import RegionEnsemble
from imharmony.points.sets import Points
from imharmony.portable.facts import FORMAT, DetectorFacts, Facts, PortraitFacts, written
from imharmony.portable.folding import folded
from imharmony.portable.kinds import kind_of
from imharmony.storage.files import sha256_of, write_bytes

try:
    import onnx_ir as ir
    import onnxruntime
    from onnx_ir.passes import common as passes
    from onnxscript import opset18, optimizer
except ImportError as error:
    raise InputError(f"{error.name} is not installed; expected it for writing ONNX; run `pip install 'imharmony[export]'`") from error

if TYPE_CHECKING:
    from imharmony.blind.detector import Detector
    from imharmony.networks.portrait_matting import PortraitMatting

OPSET, IR_VERSION = 18, 8  # of 2022 and 2021: every runtime that we know of runs them
CLOSE = 1e-3  # of maps, and of six numbers; of larger ones than 1 it is a share
FOLDED = 4096  # values that a constant may have which is computed beforehand
DRAWS = 3  # pictures that a file is checked with
PICTURE, POINTS = ("composite", "mask"), Points._fields
OTHER = "expected a network that ONNX can say; run this one with torch (`harmonize`)"


def export_onnx(model: Path, out: Path) -> None:
    """Writes the harmonizer of a ``model.safetensors`` as one file without others beside it; equal models give equal bytes.

    Networks that read points take ``Points`` of one picture, sRGB in [0, 1], and give ``changes`` (1, 6) and ``trust`` (1,). All others
    take ``composite`` (1, 3, S, S) in [-1, 1] and ``mask`` (1, 1, S, S) in [0, 1], and give ``maps`` (1, C, S, S), of filters
    (1, 6, 1, 1). Before it is written, drawn pictures go through the file and through torch; if what comes out differs by more than
    ``CLOSE``, or the model cannot be said in ONNX, an ``InputError`` is raised and nothing is written.
    """
    if input_of(model) == "intrinsic":
        came = "trained on semi-harmonized pictures (input: intrinsic)"
        raise InputError(f"{model}: {came}; expected one that takes composites, which needs no preprocessing; take another")
    harmonizer, metadata = load_harmonizer(model)
    size_px, network = int(metadata["size_px"]), harmonizer.network
    drawn = list(_drawn(network, size_px))
    with torch.inference_mode():
        expected = [_said(harmonizer, inputs) for inputs in drawn]
    facts = Facts(
        format=FORMAT,
        kind=kind_of(network),
        size_px=size_px,
        counts=network.counts if isinstance(network, RegionEnsemble) else None,
        sha256=sha256_of(model),
        generator=metadata["architecture"]["name"],
        input="composites",
        inference_mode=cast("InferenceMode", harmonizer.inference_mode),
        members=len(network.each) if isinstance(network, RegionEnsemble) else 1,
    )
    data = _packed(_exported(model, harmonizer, drawn[0], facts.generator), facts)
    _check(model, data, drawn, expected)
    write_bytes(out, data)


def export_detector(model: Path, out: Path, *, limit: float | None = None, least_share: float | None = None) -> None:
    """Writes the detector of a ``model.safetensors`` as one file, checked as ``export_onnx`` does; equal ones give equal bytes.

    It takes ``picture`` (1, 3, S, S) in [-1, 1] and gives ``probabilities`` (1, 3, S, S) of too dark, too bright, other colour. ``limit``
    in (0, 1] is the probability from which a pixel counts, ``least_share`` in (0, 0.5] of the picture what a finding must have. With
    ``limit`` None both are as the file itself says, and so are the odds that the probabilities are multiplied by (``blind.limits``).
    """
    from imharmony.blind.detector import Found, evidence, found_in, load_detector  # here: it needs more than the extra

    detector, size_px, metadata = load_detector(model)
    found = found_in(model, metadata) if limit is None else Found(limit)
    limit, least_share = found.limit, found.least_share if least_share is None else least_share
    for name, value, most in (("limit", limit, 1.0), ("least_share", least_share, 0.5)):
        if not 0 < value <= most:  # false of NaN too
            raise InputError(f"{name} {value:g}: expected a number above 0 and up to {most:g}; choose it on photographs of validation")
    drawn = [(picture,) for picture in _noise(size_px)]
    module = _Probabilities(detector, lambda chances: evidence(chances, found.odds)).eval().requires_grad_(False)
    with torch.inference_mode():
        expected = [[module(*inputs).numpy()] for inputs in drawn]
    facts = DetectorFacts(FORMAT, "detector", size_px, sha256_of(model), float(limit), float(least_share))
    data = _packed(_program(model, module, drawn[0], ("picture",), ("probabilities",), detector.name), facts)
    _check(model, data, drawn, expected)
    write_bytes(out, data)


def export_portrait(model: Path, out: Path) -> None:
    """Writes the matting network without a trimap of a ``model.safetensors`` as one file, checked as ``export_onnx`` does.

    It takes ``picture`` (1, 3, S, S) in [-1, 1] and gives ``alpha`` (1, 1, S, S) in [0, 1].
    """
    from imharmony.matting.checkpoint import load_matting  # here: it needs more than the extra
    from imharmony.networks.portrait_matting import PortraitMatting

    network, architecture, size_px, metadata = load_matting(model)
    if not isinstance(network, PortraitMatting):
        raise InputError(f"{model}: network {architecture.name}, which needs a trimap; expected one without, 'portrait'; take another")
    drawn = [(picture,) for picture in _noise(size_px)]
    with torch.inference_mode():
        expected = [[network.matte(each).numpy()] for (each,) in drawn]
    module = _Alpha(folded(network)).eval().requires_grad_(False)
    facts = PortraitFacts(FORMAT, "portrait", size_px, sha256_of(model), metadata.get("is_fine") is True)
    data = _packed(_program(model, module, drawn[0], ("picture",), ("alpha",), architecture.name), facts)
    _check(model, data, drawn, expected)
    write_bytes(out, data)


class _Alpha(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor) -> Tensor:
        return cast("PortraitMatting", self.network).matte(picture)


class _Probabilities(nn.Module):
    def __init__(self, detector: "Detector", evidence: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.detector = detector
        self.evidence = evidence

    def forward(self, picture: Tensor) -> Tensor:
        return self.evidence(self.detector.probabilities(self.detector(picture)))


class _Maps(nn.Module):
    def __init__(self, harmonizer: Harmonizer) -> None:
        super().__init__()
        self.network, self.mask_input = harmonizer.network, harmonizer.mask_input

    def forward(self, composite: Tensor, mask: Tensor) -> Tensor:
        return self.network.maps(torch.cat([composite, mask], 1) if self.mask_input else composite)


class _Changes(nn.Module):
    def __init__(self, network: RegionEnsemble) -> None:
        super().__init__()
        self.network = network

    def forward(self, *points: Tensor) -> tuple[Tensor, Tensor]:
        return self.network.restrained(Points._make(points))


def _drawn(network: Generator, size_px: int) -> Iterator[tuple[Tensor, ...]]:
    """Inputs of the network: pictures of noise in another tint each, with masks of a rectangle that is soft at one side."""
    if not isinstance(network, RegionEnsemble):
        for draw, composite in enumerate(_noise(size_px)):
            mask = torch.zeros(1, 1, size_px, size_px)
            mask[..., size_px // 4 : -size_px // 4, size_px // (3 + draw) : -size_px // 3] = 1
            mask[..., size_px // (3 + draw)] /= 2
            yield composite, mask
        return
    generator, counts = torch.Generator().manual_seed(0), network.counts
    for draw in range(DRAWS):
        tint = torch.rand(3, generator=generator)
        points = [torch.rand(1, count, 3, generator=generator) * tint for count in (*counts, counts.pairs)]
        known = torch.ones(1, 4)
        known[:, 4 - draw :] = 0  # all four, then without a border, then without a ring too
        yield (*points, known)


def _noise(size_px: int) -> Iterator[Tensor]:
    generator = torch.Generator().manual_seed(0)
    for _ in range(DRAWS):
        tint = torch.rand(3, generator=generator)
        yield torch.rand(1, 3, size_px, size_px, generator=generator) * (2 * tint[:, None, None]) - 1


def _said(harmonizer: Harmonizer, inputs: tuple[Tensor, ...]) -> list[np.ndarray]:
    if isinstance(harmonizer.network, RegionEnsemble):
        return [each.numpy() for each in harmonizer.network.restrained(Points._make(inputs))]
    return [harmonizer.maps(*inputs).numpy()]


def _exported(model: Path, harmonizer: Harmonizer, inputs: tuple[Tensor, ...], name: str) -> ir.Model:
    if harmonizer.inference_mode == "train":
        _settle(model, harmonizer)
    network = harmonizer.network
    is_of_points = isinstance(network, RegionEnsemble)
    module = (_Changes(network) if is_of_points else _Maps(harmonizer)).eval().requires_grad_(False)
    outputs = ("changes", "trust") if is_of_points else ("maps",)
    return _program(model, module, inputs, POINTS if is_of_points else PICTURE, outputs, name)


def _program(model: Path, module: nn.Module, inputs: tuple[Tensor, ...], takes: Sequence[str], gives: Sequence[str], name: str) -> ir.Model:
    try:
        program = torch.onnx.export(
            module,
            inputs,
            input_names=takes,
            output_names=gives,
            opset_version=OPSET,
            dynamo=True,
            optimize=False,
            verbose=False,
            custom_translation_table={torch.ops.aten.avg_pool2d.default: _avg_pool2d},
        )
    except (torch.onnx.errors.OnnxExporterError, NotImplementedError) as error:
        raise InputError(f"{model}: {name} cannot be exported ({_first_line(error)}); {OTHER}") from error
    return cast("Any", program).model


def _settle(model: Path, harmonizer: Harmonizer) -> None:
    """Of one picture a batch norm's own statistics are an instance norm's; dropout's draws are torch's, and no other program's."""
    for module in harmonizer.modules():
        if isinstance(module, nn.Dropout) and module.p > 0:
            advice = "train it with that, or import it with --inference-mode eval"
            raise InputError(f"{model}: inference_mode is train, with dropout that torch draws; expected eval; {advice}")
        for name, child in module.named_children():
            if isinstance(child, nn.BatchNorm2d):
                alone = nn.InstanceNorm2d(child.num_features, child.eps, affine=child.affine)
                alone.load_state_dict(dict(child.named_parameters()))
                setattr(module, name, alone)


def _packed(model: ir.Model, facts: Facts | DetectorFacts | PortraitFacts) -> bytes:
    """The file's bytes, in which nothing names the machine or the programs that made it.

    What is known beforehand is computed here, and what is computed twice stands once: of the exporter's nodes half are left. Its own
    ``optimize`` leaves as many and takes 50 times as long.
    """
    passes.ClearMetadataAndDocStringPass()(model)
    _merge(model)
    optimizer.fold_constants(model, onnx_shape_inference=True, output_size_limit=FOLDED)
    passes.IdentityEliminationPass()(model)
    passes.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0)(model)
    _merge(model)
    model.ir_version = IR_VERSION
    model.producer_name, model.producer_version = "imharmony", None
    model.metadata_props.update(written(facts))
    return ir.to_proto(model).SerializeToString(deterministic=True)


def _merge(model: ir.Model) -> None:
    passes.DeduplicateInitializersPass()(model)
    passes.CommonSubexpressionEliminationPass()(model)
    passes.RemoveUnusedNodesPass()(model)


def _check(model: Path, data: bytes, drawn: Sequence[tuple[Tensor, ...]], expected: Sequence[list[np.ndarray]]) -> None:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its classes have no common one but this
        raise InputError(f"{model}: what was exported does not run ({_first_line(error)}); {OTHER}") from error
    names = [each.name for each in session.get_inputs()]
    for inputs, wanted in zip(drawn, expected, strict=True):
        said = session.run(None, dict(zip(names, (each.numpy() for each in inputs), strict=True)))
        apart = max(_apart(*pair) for pair in zip(cast("list[np.ndarray]", said), wanted, strict=True))
        if not apart <= CLOSE:
            raise InputError(f"{model}: what was exported differs from torch by {apart:.2g}; expected at most {CLOSE:g}; {OTHER}")


def _apart(said: np.ndarray, wanted: np.ndarray) -> float:
    apart = float(np.abs(said - wanted).max() / max(1.0, np.abs(wanted).max()))
    return apart if np.isfinite(apart) else np.inf


def _avg_pool2d(  # torch's own translation forgets the divisor
    features: Any,
    kernel_size: Sequence[int],
    stride: Sequence[int] = (),
    padding: Sequence[int] = (0, 0),
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    sides = list(kernel_size) if len(kernel_size) > 1 else [kernel_size[0]] * 2
    pads = [*padding, *padding] if len(padding) > 1 else [padding[0]] * 4
    mean: Any = opset18.AveragePool(
        features,
        kernel_shape=sides,
        strides=list(stride) or sides,
        pads=pads,
        ceil_mode=int(ceil_mode),
        count_include_pad=int(count_include_pad or divisor_override is not None),
    )
    if divisor_override is None:
        return mean
    factor: Any = opset18.Constant(value_float=sides[0] * sides[1] / divisor_override)
    return opset18.Mul(mean, factor)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
