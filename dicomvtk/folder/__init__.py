"""A folder of DICOM as patients, studies and series: attributes, edits with undo, arrays, new series."""
