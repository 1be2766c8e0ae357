"""DICOM in and out: files, headers, series, stacks, pixels, and the way back."""
