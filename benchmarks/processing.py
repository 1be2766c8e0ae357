"""Volume to volume, against SimpleITK and SciPy on the same work: `python benchmarks/processing.py [SIZE]`.

Each line is the median of a few runs in turn, in this process, after one that does not count. A ratio above 1 says that
the other is slower.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import SimpleITK
from machine import describe_machine
from scipy import ndimage

import dicomvtk
from dicomvtk.processing import components, filters, grid, intensity, projection, resample

RUNS = 5
Work = Callable[[], Any]


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 192
    volume = made_volume(size)
    print(f"{describe_machine()}; {' x '.join(map(str, volume.shape))} int16, {RUNS} runs\n")
    print("| work | dicomvtk ms | SimpleITK ms | ratio | SciPy or NumPy ms | ratio |")
    print("|---|---|---|---|---|---|")
    for name, ours, by_sitk, by_scipy in jobs(volume):
        own, sitk, scipy = in_turn([ours, by_sitk, by_scipy])
        print(f"| {name} | {own:.1f} | {told(sitk)} | {ratio(sitk, own)} | {told(scipy)} | {ratio(scipy, own)} |")


def made_volume(size: int) -> dicomvtk.Volume:
    volume = dicomvtk.phantom((size, size, size // 2), orientation="oblique")
    noise = np.random.default_rng(1).normal(0, 30, volume.shape)
    return volume.with_array(np.asfortranarray(volume.array + noise.astype(np.int16)))


def jobs(volume: dicomvtk.Volume) -> list[tuple[str, Work, Work | None, Work | None]]:
    array = volume.array
    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(array.T))
    image.SetSpacing(volume.spacing)
    finer = resample.grid_of_spacing(volume.geometry, np.divide(volume.spacing, 1.3))
    reference = SimpleITK.Image(list(finer.shape), SimpleITK.sitkInt16)
    reference.SetSpacing(finer.spacing)
    factors = np.divide(finer.shape, volume.shape)
    mask = intensity.threshold(volume, 300)
    mask_image = SimpleITK.BinaryThreshold(image, 300.0, 32000.0, 1, 0)
    sigma = 2.0 * np.asarray(volume.spacing)
    recursive = SimpleITK.SmoothingRecursiveGaussianImageFilter()
    recursive.SetSigma(sigma.tolist())
    resampled = (reference, SimpleITK.Transform(), SimpleITK.sitkLinear, 0.0)
    return [
        (
            "resample to spacing / 1.3, linear",
            lambda: resample.resample_to(volume, finer, fill=0),
            lambda: SimpleITK.Resample(image, *resampled),
            lambda: ndimage.zoom(array, factors, order=1, grid_mode=True, mode="nearest"),
        ),
        (
            "Gaussian, sigma 2 voxels",
            lambda: filters.gaussian(volume, sigma),
            lambda: recursive.Execute(image),
            lambda: ndimage.gaussian_filter(array, 2.0),
        ),
        (
            "median 3 x 3 x 3",
            lambda: filters.median(volume, 3),
            lambda: SimpleITK.Median(image, (1, 1, 1)),
            lambda: ndimage.median_filter(array, 3),
        ),
        (
            "threshold",
            lambda: intensity.threshold(volume, 300),
            lambda: SimpleITK.BinaryThreshold(image, 300.0, 32000.0, 1, 0),
            None,
        ),
        (
            "connected components, faces, largest first",
            lambda: components.connected_components(mask),
            lambda: SimpleITK.RelabelComponent(SimpleITK.ConnectedComponent(mask_image), sortByObjectSize=True),
            lambda: ndimage.label(mask.array),
        ),
        (
            "MIP along k",
            lambda: projection.project(volume, "max"),
            lambda: SimpleITK.MaximumProjection(image, 2),
            None,
        ),
        (
            "reorient to SRA",
            lambda: grid.reorient(volume, "SRA"),
            lambda: SimpleITK.Flip(SimpleITK.PermuteAxes(image, (2, 0, 1)), (False, True, True)),
            lambda: np.asfortranarray(array.transpose(2, 0, 1)[:, ::-1, ::-1]),
        ),
    ]


def in_turn(works: list[Work | None]) -> list[float | None]:
    """Return the median milliseconds of each, run in turn."""
    taken: list[list[float]] = [[] for _ in works]
    for run in range(RUNS + 1):
        for n, work in enumerate(works):
            if work is None:
                continue
            start = time.perf_counter()
            work()
            if run:
                taken[n].append(1000 * (time.perf_counter() - start))
    return [statistics.median(times) if times else None for times in taken]


def told(milliseconds: float | None) -> str:
    return "" if milliseconds is None else f"{milliseconds:.1f}"


def ratio(theirs: float | None, ours: float | None) -> str:
    return "" if theirs is None or not ours else f"{theirs / ours:.2f}"


if __name__ == "__main__":
    main()
