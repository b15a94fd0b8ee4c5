"""Fields from their gradients: Poisson's equation on a rectangle whose sides nothing crosses (Neumann borders).

Planes are float64 (H, W). Gradients are forward differences: ``across`` is (H, W - 1), ``down`` is (H - 1, W).
"""

import numpy as np


def laplacian(plane: np.ndarray) -> np.ndarray:
    """The sum of the differences to the four neighbours; what is beyond the frame is not a neighbour."""
    return divergence(np.diff(plane, axis=1), np.diff(plane, axis=0))


def divergence(across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """What flows out of each pixel; nothing flows through the frame."""
    flow_across = np.pad(across, ((0, 0), (1, 1)))
    flow_down = np.pad(down, ((1, 1), (0, 0)))
    return np.diff(flow_across, axis=1) + np.diff(flow_down, axis=0)


def solve_poisson(source: np.ndarray) -> np.ndarray:
    """The plane of mean 0 whose ``laplacian`` is ``source`` without its mean, which no plane could have.

    The cosine transform (DCT-II) diagonalises the Laplacian with Neumann borders, so the solution is exact but for rounding.
    """
    from scipy.fft import dctn, idctn  # here, because few ways to take a picture apart need it and each process would load it

    height, width = source.shape
    source = source.astype(np.float64)  # by its own name: a plane that nobody else holds is freed here
    spectrum = np.asarray(dctn(source, type=2, norm="ortho", overwrite_x=True))
    across = 2 * np.cos(np.pi * np.arange(width) / width)
    for row, down in zip(spectrum, 2 * np.cos(np.pi * np.arange(height) / height), strict=True):  # no second plane for the eigenvalues
        eigenvalues = down + across - 4
        eigenvalues[eigenvalues == 0] = 1  # the constant's
        row /= eigenvalues
    spectrum[0, 0] = 0
    return np.asarray(idctn(spectrum, type=2, norm="ortho", overwrite_x=True))


def integrate(across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """The plane of mean 0 whose gradients are nearest to these in the sense of least squares."""
    return solve_poisson(divergence(across, down))
