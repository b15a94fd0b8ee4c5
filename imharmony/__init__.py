"""Image harmonization: the colours of a pasted object fitted to the photograph that it was pasted into.

>>> import imharmony
>>> imharmony.__all__
['Explanation', 'Findings', 'Harmonizer', 'InputError', 'cut_out', 'detect', 'explain', 'harmonize', 'harmonize_video']
"""

from typing import TYPE_CHECKING, Any

from imharmony.errors import InputError

if TYPE_CHECKING:
    from imharmony.harmonizing.api import Harmonizer, explain, harmonize
    from imharmony.harmonizing.cutting import cut_out
    from imharmony.harmonizing.detection import Findings, detect
    from imharmony.harmonizing.explanation import Explanation
    from imharmony.harmonizing.video import harmonize_video

__all__ = ["Explanation", "Findings", "Harmonizer", "InputError", "cut_out", "detect", "explain", "harmonize", "harmonize_video"]

_WHERE = {
    "Explanation": "imharmony.harmonizing.explanation",
    "Findings": "imharmony.harmonizing.detection",
    "Harmonizer": "imharmony.harmonizing.api",
    "cut_out": "imharmony.harmonizing.cutting",
    "detect": "imharmony.harmonizing.detection",
    "explain": "imharmony.harmonizing.api",
    "harmonize": "imharmony.harmonizing.api",
    "harmonize_video": "imharmony.harmonizing.video",
}


def __getattr__(name: str) -> Any:
    """Loads what is asked for only then: the stages import this package too, and need none of it."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_WHERE[name]), name)
