"""The validation curves as numbers, for the page's plots, and where each training ended."""

from dataclasses import dataclass

import pandas as pd

from reporting.embedding import rounded

CURVES = {"val_fmse": ("Validation fMSE (lower is better)", 1), "val_psnr": ("Validation PSNR, dB (higher is better)", 2)}


@dataclass(frozen=True)
class TrainingEnd:
    """A variant after its last epoch, and the epoch whose weights are used: that with the lowest validation fMSE, 0 being untrained."""

    variant: str
    epochs: int
    best_epoch: int | None
    best: float | None  # validation fMSE
    last: float | None
    last_psnr: float | None


def curves_of(histories: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The trainings of more than one row, the untrained network's counted: a single point is no curve."""
    return {variant: history for variant, history in histories.items() if len(history) > 1}


def training_of(histories: dict[str, pd.DataFrame]) -> dict[str, dict]:
    """For each curve its title and, by variant, epochs and values."""
    return {
        column: {
            "title": title,
            "variants": {
                variant: {"epochs": history["epoch"].tolist(), "values": rounded(history[column].to_numpy(), digits)}
                for variant, history in curves_of(histories).items()
            },
        }
        for column, (title, digits) in CURVES.items()
    }


def ends_of(histories: dict[str, pd.DataFrame]) -> list[TrainingEnd]:
    """A line for each variant, in the order of the parameters."""
    return [_end(variant, history) for variant, history in histories.items()]


def _end(variant: str, history: pd.DataFrame) -> TrainingEnd:
    rows = history.to_dict(orient="records")
    known = [row for row in rows if not pd.isna(row["val_fmse"])]
    best = min(known, key=lambda row: row["val_fmse"], default=None)
    return TrainingEnd(
        variant=variant,
        epochs=int(rows[-1]["epoch"]),
        best_epoch=None if best is None else int(best["epoch"]),
        best=None if best is None else best["val_fmse"],
        last=rows[-1]["val_fmse"],
        last_psnr=rows[-1]["val_psnr"],
    )
