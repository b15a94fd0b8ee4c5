"""The same bits on every x86-64 processor with AVX2, of Intel or AMD and of however many cores: what keeps libraries from choosing by them.

Each library reads its variable once, when it is loaded or first used. So ``stages`` sets them before a stage imports anything else, and
processes that a stage starts inherit them. They replace what the user has set: with other values results would differ silently.
"""

import os
from collections.abc import MutableMapping
from pathlib import Path

KERNELS = {
    "ATEN_CPU_CAPABILITY": "avx2",  # torch's own kernels: softmax
    "ONEDNN_MAX_CPU_ISA": "AVX2",  # torch's convolutions: AVX-512 sums in another order, AMX and AVX512_BF16 round
    "MKL_CBWR": "COMPATIBLE",  # torch's matrix products, roots and logarithms: the only value that MKL gives AMD's processors, too
    "OPENBLAS_CORETYPE": "Haswell",  # NumPy's, SciPy's and OpenCV's matrix products and factorisations
    "OPENBLAS_NUM_THREADS": "1",  # as many sums as threads are added up in a long scalar product and in what solves equations
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",  # NumPy's exp, log, power and the order in which it sorts equals
    "OPENCV_CPU_DISABLE": "AVX512-SKX",  # OpenCV's colour transforms
    "OPENCV_IPP": "disabled",  # OpenCV's resizing and filters by Intel's library, which looks at addresses as well
    "OPENCV_LOG_LEVEL": "ERROR",  # or OpenCV warns of the line above
}


PROCESSOR = Path("/proc/cpuinfo")


def fix_kernels(environment: MutableMapping[str, str] = os.environ) -> None:
    """Sets the variables, for libraries that are not loaded yet."""
    environment.update(KERNELS)
    if not _may_have_avx512():
        environment["OPENCV_CPU_DISABLE"] = ""  # or OpenCV says in each process that there is nothing to disable


def _may_have_avx512() -> bool:
    """Whether the processor has it, as far as this system says; where it does not, it may."""
    try:
        return "avx512f" in PROCESSOR.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True
