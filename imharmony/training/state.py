"""What a training leaves behind after each epoch, so that a killed one ends in the same bits as an uninterrupted one."""

import logging
import zlib
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import torch
from torch import Tensor, nn

from imharmony.errors import InputError
from imharmony.storage.files import write_bytes

HEAD = b"training state 1\n"  # of the file; after it the CRC-32 of the rest
MARK_BYTES = 4

log = logging.getLogger(__name__)

HistoryRow = dict[str, float | None]
Weights = dict[str, Tensor]


class Stateful(Protocol):
    """A network or an optimiser."""

    def state_dict(self) -> dict[str, Any]:
        """Everything that changes."""
        ...

    def load_state_dict(self, state_dict: dict[str, Any]) -> object:
        """Takes it back."""
        ...


class LoopState:
    """The finished epochs' rows, the best weights so far, and on disk what is needed to go on."""

    def __init__(self, path: Path, *, settings: Mapping[str, Any], epochs: int, patience: int | None = None) -> None:
        self.history: list[HistoryRow] = []
        self.best: Weights = {}
        self._path = path
        self._settings = {**settings, "epochs": epochs, "patience": patience}
        self._epochs = epochs
        self._patience = patience

    @property
    def epochs_done(self) -> int:
        """How many epochs were trained; the untrained network's row is none of them."""
        return epochs_of(self.history)

    @property
    def is_over(self) -> bool:
        """Whether all epochs are done, or ``patience`` of them brought nothing better than the best one before.

        Patience looks at trained epochs alone: learning that goes on below the untrained network's score is not cut short.
        """
        trained = [row for row in self.history if row["epoch"]]
        best = int(best_row(trained)["epoch"] or 0) if trained else 0
        return self.epochs_done >= self._epochs or (self._patience is not None and self.epochs_done - best >= self._patience)

    def restore(self, parts: Mapping[str, Stateful], *, device: torch.device) -> None:
        """Takes up the file if there is one; ``parts`` then stand where they stood. One that is damaged is said and removed."""
        stored = _read(self._path, device)
        if stored is None:
            return
        if stored["settings"] != self._settings:
            raise InputError(f"{self._path}: belongs to a training with other settings; give another folder or delete the file")
        self.history = stored["history"]
        self.best = {name: tensor.cpu() for name, tensor in stored["best"].items()}
        if not self.is_over:
            for name, part in parts.items():
                part.load_state_dict(stored["parts"][name])

    def add(self, row: HistoryRow, network: nn.Module) -> None:
        """Notes a finished epoch, or as epoch 0 the untrained network; the first of equally good epochs stays the best."""
        self.history.append(row)
        if self.best_row is row:
            self.best = {name: tensor.detach().cpu().clone() for name, tensor in network.state_dict().items()}

    def store(self, parts: Mapping[str, Stateful]) -> None:
        """Writes the file atomically, behind its checksum; after the last epoch only the results are kept."""
        states = {} if self.is_over else {name: part.state_dict() for name, part in parts.items()}
        buffer = BytesIO()  # torch's own writing hides that a disk is full
        buffer.write(bytes(len(HEAD) + MARK_BYTES))
        torch.save({"settings": self._settings, "history": self.history, "best": self.best, "parts": states}, buffer)
        whole = buffer.getbuffer()
        whole[: len(HEAD)] = HEAD
        whole[len(HEAD) : len(HEAD) + MARK_BYTES] = _mark_of(whole[len(HEAD) + MARK_BYTES :])
        write_bytes(self._path, whole)

    @property
    def best_row(self) -> HistoryRow:
        """The row of the lowest validation fMSE."""
        return best_row(self.history)


def best_row(history: list[HistoryRow]) -> HistoryRow:
    """The first row of the lowest validation fMSE."""
    return min(history, key=lambda row: row["val_fmse"] or 0.0)


def epochs_of(history: list[HistoryRow]) -> int:
    """How many epochs of training a history has."""
    return int(history[-1]["epoch"] or 0) if history else 0


def history_table(history: list[HistoryRow]) -> pa.Table:
    """The rows as a table: ``epoch`` counts from 1, and 0 is the untrained network; a loss that a row does not have is null."""
    names = list(history[0])
    schema = pa.schema([(name, pa.int64() if name == "epoch" else pa.float64()) for name in names])
    return pa.Table.from_pylist(history, schema=schema)


def _mark_of(content: memoryview) -> bytes:
    return zlib.crc32(content).to_bytes(MARK_BYTES, "big")


def _read(path: Path, device: torch.device) -> dict[str, Any] | None:
    """What was stored; None where nothing is or what is there is damaged, which is removed."""
    try:
        whole = path.read_bytes()
    except FileNotFoundError:
        return None
    head, content = whole[: len(HEAD) + MARK_BYTES], memoryview(whole)[len(HEAD) + MARK_BYTES :]
    if head == HEAD + _mark_of(content):
        return torch.load(BytesIO(content), weights_only=True, map_location=device)
    log.warning("%s: not as it was left, by its checksum; dropped, and trained from the start", path)
    path.unlink(missing_ok=True)
    return None
