"""Images without a place in a patient that say they are the slices of one thing, or the pages.

Nothing else tells slices from screens and photographs, of which each is an image of its own. ImageType has room for it
past its third value, which is the implementation's (PS3.3 C.7.6.1.1.2): ``STACK OF 20``, in order of InstanceNumber.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from dicomvtk.dicom.findings import finding
from dicomvtk.dicom.frames import Common, Frame
from dicomvtk.dicom.tags import Tag, describe
from dicomvtk.metadata import Finding

__all__ = ["findings_of_stack", "is_of_stack", "stack_type"]

_OF_STACK = re.compile(r"STACK OF (\d+)")
#: What FrameIncrementPointer holds where frames are pages, and do not follow each other in time (PS3.3 C.8.6.3).
_PAGE_NUMBER_VECTOR = 0x20010018


def stack_type(slices: int) -> list[str]:
    """Return the ImageType of one of so many images that are slices without a place in a patient."""
    return ["DERIVED", "SECONDARY", "OTHER", f"STACK OF {slices}"]


def is_of_stack(common: Common) -> bool:
    """True where images say that they are slices of one stack."""
    return bool(_stated_count(common))


def findings_of_stack(frames: Sequence[Frame]) -> list[Finding] | None:
    """Return what is to be said of the images of one stack; None where they do not say that they are one.

    `frames` are in order of InstanceNumber. One alone is an image, as one slice of any series is.
    """
    if _are_pages(frames):
        return [_unplaced(frames)]
    count = _stated_count(frames[0].common)
    if not count or len(frames) == 1:
        return None
    numbers = [frame.instance_number for frame in frames]
    if len(frames) == count and numbers == list(range(1, count + 1)):
        return [_unplaced(frames)]
    found = ", ".join(map(str, numbers[:8])) + (", ..." if len(numbers) > 8 else "")
    message = (
        f"{describe(Tag.InstanceNumber)} of the {len(frames)} images of a stack is {found}; expected 1 to {count}, "
        f"since {describe(Tag.ImageType)} says {frames[0].common.image_type[3]}: images are absent or stand twice."
    )
    return [finding("missing-position", message, [frame.path for frame in frames])]


def _stated_count(common: Common) -> int:
    stated = _OF_STACK.fullmatch(common.image_type[3]) if len(common.image_type) > 3 else None
    return int(stated[1]) if stated else 0


def _are_pages(frames: Sequence[Frame]) -> bool:
    pointer = frames[0].common.value(Tag.FrameIncrementPointer)
    paged = pointer is not None and int.from_bytes(pointer, "little") == _PAGE_NUMBER_VECTOR
    return paged and len(frames) > 1 and len({frame.path for frame in frames}) == 1


def _unplaced(frames: Sequence[Frame]) -> Finding:
    text = f"The {len(frames)} slices state their order and no place in a patient"
    if frames[0].common.pixel_spacing is None:
        text += ", nor a pixel spacing: pixels count as 1 mm"
    if not frames[0].common.spacing_between_slices:
        text += "; slices count as 1 mm apart"
    return finding("unplaced", f"{text}.", list(dict.fromkeys(frame.path for frame in frames)))
