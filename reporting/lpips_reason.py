"""Why a column of LPIPS is empty."""

import pandas as pd

from imharmony.metrics.perceptual import BACKBONES, missing_backbone
from pipeline.params.file import Params


def lpips_reason(params: Params, summary: pd.DataFrame) -> str | None:
    """Why the LPIPS column is empty; None when it is not."""
    if ((summary["metric"] == "lpips") & ~summary["method"].isin(list(params.imported))).any():
        return None
    return why_absent(params.active.evaluation.lpips)


def why_absent(backbone: str | None) -> str:
    """Why nothing was computed with the backbone that a profile names."""
    if backbone is None:
        return f"LPIPS is not computed: evaluation.lpips of this profile is null. Set it to one of {', '.join(sorted(BACKBONES))}."
    return missing_backbone(backbone) or "LPIPS is empty: its backbone was absent when the methods were scored; evaluate them again."
