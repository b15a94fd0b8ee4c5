"""What each convention does, in words: for the documentation, and a note beside the numbers.

Read in the codes that are named.
"""

from dataclasses import dataclass

IMAGES = "images, all sets together"
MADE_HARD = "Pillow's mode `1`, which makes them hard, then nearest"
BLENDED_TWICE = "real photograph under the network's input, and under its output again"
SQUARED = "its loader makes masks hard; where ours are soft, fMSE is weighed by the mask's square"


@dataclass(frozen=True)
class Words:
    """How a code counts. ``note`` is what one has to know to read a number, "" where that is nothing."""

    background: str
    masks: str
    levels: str
    foreground: str  # the foreground error
    mean_over: str
    source: str  # repository and files
    of: str = ""  # whose numbers beside its own
    note: str = ""


WORDS = {
    "headline": Words(
        background="composite",
        masks="as they are, soft",
        levels="output rounded",
        foreground="Σm·e / Σm",
        mean_over="images of a data set",
        source="ours",
    ),
    "dovenet": Words(
        background="the output's own",
        masks=MADE_HARD,
        levels="output and real photograph by way of [−1, 1], cut off",
        foreground="Σm²·e / Σm",
        mean_over="none: it prints images",
        source="`bcmi/Image-Harmonization-Dataset-iHarmony4`: `DoveNet/test.py` (MSE, PSNR), `evaluation.py` (fMSE)",
        of="BargainNet, iHarmony4's port of DIH, report 002",
        note=SQUARED,
    ),
    "harmonizer": Words(
        background="the output's own",
        masks=MADE_HARD,
        levels="as computed",
        foreground="Σm²·e / ⌊Σm⌋",
        mean_over=IMAGES,
        source="`ZHKKKe/Harmonizer`: `src/val_harmonizer.py`",
        note=f"{SQUARED}, over whole pixels; its SSIM is another, and not offered",
    ),
    "samsung": Words(
        background="the output's own",
        masks="linear, soft",
        levels="as computed",
        foreground="Σm·e / Σm",
        mean_over=IMAGES,
        source="`SamsungLabs/image_harmonization`: `iharm/inference/metrics.py`, `iharm/data/transforms.py`",
        of="iDIH, iSSAM, HRNet, DucoNet, CO2Net",
        note="10⁻⁶ added to the MSE, so that equal pictures have a PSNR",
    ),
    "rainnet": Words(
        background=BLENDED_TWICE,
        masks=MADE_HARD,
        levels="output and real photograph by way of [−1, 1], cut off",
        foreground="none",
        mean_over=IMAGES,
        source="`junleen/RainNet`: `evaluate.py`, `data/iharmony4_dataset.py`, `models/networks.py`",
        note="over the real photograph; its network is given that background, ours the composite's; blended twice where masks are soft",
    ),
    "hdnet": Words(
        background=BLENDED_TWICE,
        masks=MADE_HARD,
        levels="output and real photograph by way of [−1, 1], cut off",
        foreground="Σe / Σm, over the whole picture",
        mean_over=IMAGES,
        source="`chenhaoxing/HDNet`: `train_evaluate.py`, `data/iharmony4_dataset.py`, `models/hdnet_model.py`",
        note="over the real photograph; its network is given that background, ours the composite's; blended twice where masks are soft; "
        "its SSIM is another, and not offered",
    ),
    "pctnet": Words(
        background="none: the error is weighed, MSE = Σm·e / HW",
        masks="as they are, soft",
        levels="as computed",
        foreground="Σm·e / Σm",
        mean_over=IMAGES,
        source="`rakutentech/PCT-Net-Image-Harmonization`: `iharm/inference/metrics.py`, `iharm/inference/evaluation.py`",
        note="errors outside the mask do not count; its tables are of full-size pictures; 10⁻⁶ added to the MSE; SSIM of a blend",
    ),
    "diffharmony": Words(
        background="real photograph",
        masks=MADE_HARD,
        levels="output cut off in its file, then blended; real photograph as it is",
        foreground="Σm²·e / Σm of the blend: Σm⁴ of the output",
        mean_over=IMAGES,
        source="`nicecv/DiffHarmony`: `scripts/inference/main.py`, `scripts/evaluate/main.py`, `scripts/evaluate.sh`",
        of="R2R",
        note=f"over the real photograph; {SQUARED}, twice; its files are made at 512 or 1024 px and made smaller, ours at the size scored",
    ),
    "report_001": Words(
        background="the output's own",
        masks="none",
        levels="output rounded",
        foreground="none",
        mean_over="one picture",
        source="report 001: its code saves pictures and scores none",
        note="how its pictures were scored is not known; rounded as its code saves them",
    ),
    "report_002_unet3plus": Words(
        background="real photograph",
        masks="as they are",
        levels="output and real photograph by way of [−1, 1], cut off",
        foreground="none",
        mean_over="images",
        source="report 002: its code, for this network alone",
        note="over the real photograph, for this network alone",
    ),
    "report_003": Words(
        background="the output's own",
        masks="none",
        levels="as computed",
        foreground="none",
        mean_over="images",
        source="reports 003 and 000: their texts",
        note="the peak is known; neither pasting nor rounding is assumed",
    ),
}
