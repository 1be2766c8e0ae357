"""Write a NumPy array (i, j, k) from a .npy file as a DICOM series.

    python scripts/array_to_series.py result.npy out/ --spacing 0.7 0.7 1.25 --modality MR
    python scripts/array_to_series.py result.npy out/ --like head/

Without --like the series has the grid that --spacing and --origin say; with it, the grid, patient and study of that
series.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import numpy as np

import dicomvtk


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write an array (i, j, k) as a DICOM series.")
    parser.add_argument("array", help=".npy file of shape (columns, rows, slices)")
    parser.add_argument("folder", help="new folder for the series")
    parser.add_argument("--like", help="DICOM series whose grid, patient and study to take")
    parser.add_argument("--spacing", type=float, nargs=3, metavar="MM", help="along i, j and k")
    parser.add_argument("--origin", type=float, nargs=3, metavar="MM", help="LPS position of the first voxel")
    parser.add_argument("--modality", help="such as CT or MR")
    options = parser.parse_args(argv)
    try:
        report = dicomvtk.write_series(
            np.load(options.array, allow_pickle=False),
            options.folder,
            like=dicomvtk.read(options.like) if options.like else None,
            spacing=options.spacing,
            origin=options.origin,
            modality=options.modality,
        )
    except dicomvtk.DicomVtkError as error:
        print(error, file=sys.stderr)
        return 1
    print(report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
