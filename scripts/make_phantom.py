"""Write the head phantom as DICOM: a series to try any viewer or converter on, with left and front marked.

python scripts/make_phantom.py out/ --orientation coronal --modality MR --shape 256 256 180
"""

from __future__ import annotations

import argparse
import sys

import dicomvtk


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the head phantom as a DICOM series, one file a slice.")
    parser.add_argument("folder", help="where to write; must be empty or absent")
    parser.add_argument("--shape", type=int, nargs=3, default=(256, 256, 180), metavar=("I", "J", "K"))
    parser.add_argument("--orientation", choices=["axial", "sagittal", "coronal", "oblique"], default="axial")
    parser.add_argument("--modality", choices=["CT", "MR"], default="CT")
    parser.add_argument("--overwrite", action="store_true", help="replace what the folder holds")
    arguments = parser.parse_args()
    volume = dicomvtk.phantom(arguments.shape, orientation=arguments.orientation, modality=arguments.modality)
    try:
        print(dicomvtk.write_series(volume, arguments.folder, overwrite=arguments.overwrite))
    except dicomvtk.DicomVtkError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
