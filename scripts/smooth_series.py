"""Read a DICOM series, smooth it, and write it as a new series of the same patient and study.

python scripts/smooth_series.py head/ smooth/ --sigma 1.5
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import dicomvtk
from dicomvtk.processing.filters import gaussian


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Smooth a DICOM series with a Gaussian.")
    parser.add_argument("folder", help="folder of DICOM files")
    parser.add_argument("out", help="new folder for the smoothed series")
    parser.add_argument("--sigma", type=float, default=1.0, metavar="MM", help="standard deviation (default 1 mm)")
    options = parser.parse_args(argv)
    try:
        volume = dicomvtk.read(options.folder)
        smooth = gaussian(volume, options.sigma)
        report = dicomvtk.write_series(
            smooth,
            options.out,
            like=volume,
            attributes={"SeriesDescription": f"{volume.info.description} smoothed {options.sigma:g} mm"[:64]},
        )
    except dicomvtk.DicomVtkError as error:
        print(error, file=sys.stderr)
        return 1
    print(report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
