"""The same bits on every x86-64 processor with AVX2, of Intel or AMD: what keeps libraries from choosing their kernels by the processor.

Each library reads its variable once, when it is loaded or first used. So ``stages`` sets them before a stage imports anything else, and
processes that a stage starts inherit them. They replace what the user has set: with other values results would differ silently.
"""

import os
from collections.abc import MutableMapping

KERNELS = {
    "ATEN_CPU_CAPABILITY": "avx2",  # torch's own kernels: softmax
    "ONEDNN_MAX_CPU_ISA": "AVX2",  # torch's convolutions: AVX-512 sums in another order, AMX and AVX512_BF16 round
    "MKL_CBWR": "COMPATIBLE",  # torch's matrix products, roots and logarithms: the only value that MKL gives AMD's processors, too
    "OPENBLAS_CORETYPE": "Haswell",  # NumPy's, SciPy's and OpenCV's matrix products and factorisations
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",  # NumPy's exp, log, power and the order in which it sorts equals
    "OPENCV_CPU_DISABLE": "AVX512-SKX",  # OpenCV's colour transforms
    "OPENCV_IPP": "disabled",  # OpenCV's resizing and filters by Intel's library, which looks at addresses as well
    "OPENCV_LOG_LEVEL": "ERROR",  # or OpenCV warns of the line above
}


def fix_kernels(environment: MutableMapping[str, str] = os.environ) -> None:
    """Sets the variables, for libraries that are not loaded yet."""
    environment.update(KERNELS)
