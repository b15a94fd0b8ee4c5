"""Authors' files as our networks. Reading runs no code from a file."""

import pickle
import stat
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from imharmony.errors import InputError
from imharmony.published.networks import PUBLISHED
from imharmony.published.record import Published, authors_name
from imharmony.storage.weights import VARIANCE

COUNTER = "num_batches_tracked"  # of batch norms: files of torch before 0.4.1 have none, and nothing at inference reads it
SHOWN = 3  # names in a message


def read_published(files: Path | Sequence[Path], name: str) -> nn.Module:
    """The network ``name`` of ``PUBLISHED`` on the CPU in evaluation mode, with the weights of its authors' file.

    Several files are in the order of ``Source.files``. Every tensor of the network has to be in them with its shape in float32, and
    nothing else may be but what the authors' own program never uses. Whatever is otherwise is an ``InputError`` that says in the authors'
    names what differs.
    """
    if name not in PUBLISHED:
        raise InputError(f"published network is {name!r}; expected one of {sorted(PUBLISHED)}")
    published, paths = PUBLISHED[name], [files] if isinstance(files, Path) else list(files)
    wanted = " and ".join(published.source.files)
    advice = f"expected {wanted} of {published.source.repository}; fetch that, or name with --as what it is"
    if len(paths) != len(published.parts):
        raise InputError(f"{name} got {len(paths)} files; {advice}")
    tensors: dict[str, Tensor] = {}
    for path, part in zip(paths, published.parts, strict=True):
        tensors |= {part + each: tensor for each, tensor in _tensors(path, _loaded(path, advice), published, advice).items()}
    with torch.device("meta"):
        network = published.build()
    weights = _renamed(paths[0], network.state_dict(), tensors, published, advice)
    network.load_state_dict(weights, assign=True)
    return network.eval()


def _loaded(path: Path, advice: str) -> Any:
    try:
        seen = path.stat()
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; {advice}") from error
    if not stat.S_ISREG(seen.st_mode):
        raise InputError(f"{path}: not a file; {advice}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of another pickle protocol and the like: what is wrong is said below, once
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:  # what torch raises of all that is more than tensors, numbers and texts
        raise InputError(f"{path}: holds more than tensors, which could run as a program, or is no file of torch; {advice}") from error
    except PermissionError:
        raise
    except Exception as error:  # bytes that are no file of torch make it raise nearly anything: struct.error, AssertionError, TypeError
        raise InputError(f"{path}: not a whole file of torch ({type(error).__name__}); {advice}") from error


def _tensors(path: Path, content: Any, published: Published, advice: str) -> dict[str, Tensor]:
    """The file's tensors by the authors' names without the prefix."""
    if published.key is not None:
        if not isinstance(content, Mapping) or published.key not in content:
            raise InputError(f"{path}: has no {published.key!r} that holds the tensors; {advice}")
        content = content[published.key]
    if not isinstance(content, Mapping) or not all(isinstance(tensor, Tensor) for tensor in content.values()):
        raise InputError(f"{path}: is no table of tensors by their names; {advice}")
    if foreign := [str(name) for name in content if not str(name).startswith(published.prefix)]:
        raise InputError(f"{path}: {_some(foreign)} without the prefix {published.prefix!r} of all names; {advice}")
    return {str(name).removeprefix(published.prefix): tensor for name, tensor in content.items()}


def _renamed(
    path: Path, expected: Mapping[str, Tensor], tensors: Mapping[str, Tensor], published: Published, advice: str
) -> dict[str, Tensor]:
    """The tensors by our names, after every check."""
    names = {ours: authors_name(published, ours) for ours in expected}
    second = {theirs: copy for theirs in names.values() if (copy := _second_name(published, theirs))}
    wanted = {*names.values(), *second.values()}
    missing = [name for name in wanted - tensors.keys() if not name.endswith(COUNTER)]
    extra = [name for name in tensors.keys() - wanted if not name.startswith(tuple(f"{each}." for each in published.unused))]
    if missing or extra:
        raise InputError(f"{path}: missing {_some(missing)}, unknown {_some(extra)}; {advice}")
    weights = {}
    for ours, theirs in names.items():
        if theirs not in tensors:
            weights[ours] = torch.zeros_like(expected[ours], device="cpu")
            continue
        _expect_usable(path, theirs, tensors[theirs], expected[ours], advice)
        weights[ours] = tensors[theirs].detach().contiguous()
        if theirs in second and not torch.equal(weights[ours], tensors[second[theirs]]):
            raise InputError(f"{path}: tensor {second[theirs]!r} is not what {theirs!r} is; expected one under two names; {advice}")
    return weights


def _expect_usable(path: Path, name: str, tensor: Tensor, expected: Tensor, advice: str) -> None:
    if tensor.shape != expected.shape:
        raise InputError(f"{path}: tensor {name!r} has the shape {tuple(tensor.shape)}; expected {tuple(expected.shape)}; {advice}")
    if (tensor.dtype, tensor.layout) != (expected.dtype, expected.layout):
        raise InputError(f"{path}: tensor {name!r} is {_type(tensor)}; expected {_type(expected)}, as it was trained; {advice}")
    if not torch.isfinite(tensor).all() or (name.endswith(VARIANCE) and (tensor < 0).any()):
        raise InputError(f"{path}: tensor {name!r} has values that no trained network has (not finite, or a negative variance); {advice}")


def _second_name(published: Published, theirs: str) -> str | None:
    for module, second in published.twice.items():
        if theirs.startswith(f"{module}."):
            return second + theirs.removeprefix(module)
    return None


def _type(tensor: Tensor) -> str:
    return f"{tensor.dtype} ({tensor.layout})".replace("torch.", "")


def _some(names: Any) -> str:
    shown = sorted(names)[:SHOWN]
    return f"{len(names)} tensors {shown}" if shown else "none"
