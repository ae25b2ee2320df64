"""The metrics of features as the usual Python packages compute them, to compare speed and values with."""

import numpy as np
import scipy.linalg
import torch


def precision_recall(real: np.ndarray, fake: np.ndarray, k: int = 3, rows: int = 10_000) -> tuple[float, float]:
    """Precision and recall from `torch.cdist` of some rows to all points, as torch-fidelity with `save_cpu_ram`.

    Args:
      real: float32 `[n, d]`.
      fake: float32 `[m, d]`.
      k: which neighbour gives the radius.
      rows: of the distance matrix that are held at once.
    """
    reals, fakes = torch.from_numpy(real), torch.from_numpy(fake)

    def covered(points: torch.Tensor, by: torch.Tensor) -> float:
        # The nearest point is the point itself.
        radii = torch.cat([torch.cdist(part, by).kthvalue(k + 1).values for part in by.split(rows)])
        return (
            torch.cat([(torch.cdist(part, by) <= radii).any(dim=1) for part in points.split(rows)])
            .float()
            .mean()
            .item()
        )

    return covered(fakes, reals), covered(reals, fakes)


def frechet_distance(real: np.ndarray, fake: np.ndarray) -> float:
    """Frechet distance by the root of a product of covariances in double precision, as pytorch-fid.

    Args:
      real: `[n, d]`.
      fake: `[m, d]`.
    """
    means, covariances = zip(
        *((x.mean(axis=0), np.cov(x, rowvar=False)) for x in map(np.float64, (real, fake))), strict=True
    )
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1])
    shift = np.square(means[0] - means[1]).sum()
    return float(shift + np.trace(covariances[0]) + np.trace(covariances[1]) - 2 * np.trace(root).real)
