"""The validation curves as numbers, for the page's plots."""

import pandas as pd

from reporting.embedding import rounded

CURVES = {"val_fmse": ("Validation fMSE (lower is better)", 1), "val_psnr": ("Validation PSNR, dB (higher is better)", 2)}


def training_of(histories: dict[str, pd.DataFrame]) -> dict[str, dict]:
    """For each curve its title and, by variant, epochs and values."""
    return {
        column: {
            "title": title,
            "variants": {
                variant: {"epochs": history["epoch"].tolist(), "values": rounded(history[column].to_numpy(), digits)}
                for variant, history in histories.items()
            },
        }
        for column, (title, digits) in CURVES.items()
    }
