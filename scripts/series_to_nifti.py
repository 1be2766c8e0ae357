"""Convert a DICOM series to NIfTI (or NRRD, MetaImage, VTI, NPZ: the suffix decides).

python scripts/series_to_nifti.py head/ head.nii.gz
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import dicomvtk


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Convert a DICOM series to one file.")
    parser.add_argument("folder", help="folder of DICOM files")
    parser.add_argument("out", help=".nii.gz .nii .nrrd .mha .vti or .npz")
    parser.add_argument("--series", help="key, UID, number or a piece of the description, where there are several")
    options = parser.parse_args(argv)
    try:
        volume = dicomvtk.read(options.folder, series=options.series)
        dicomvtk.write(volume, options.out)
    except dicomvtk.DicomVtkError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
