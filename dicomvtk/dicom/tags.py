"""The attributes this package reads from a header, by their tag.

A tag is kept as the little-endian integer of its four bytes, as a header walk meets it: (0028,0010) is 0x00100028.
"""

from __future__ import annotations

__all__ = [
    "COMMON",
    "IN_MACROS",
    "KEYWORDS",
    "PIXEL_TAGS",
    "SEQUENCES",
    "SHAPING",
    "VARYING",
    "WANTED",
    "Tag",
    "describe",
    "group_element",
]


def _le(group: int, element: int) -> int:
    return element << 16 | group


class Tag:
    """Tags by DICOM keyword, little-endian (PS3.6)."""

    TransferSyntaxUID = _le(0x0002, 0x0010)
    MediaStorageSOPClassUID = _le(0x0002, 0x0002)
    SpecificCharacterSet = _le(0x0008, 0x0005)
    ImageType = _le(0x0008, 0x0008)
    SOPClassUID = _le(0x0008, 0x0016)
    SOPInstanceUID = _le(0x0008, 0x0018)
    StudyDate = _le(0x0008, 0x0020)
    AcquisitionDate = _le(0x0008, 0x0022)
    AcquisitionTime = _le(0x0008, 0x0032)
    Modality = _le(0x0008, 0x0060)
    Manufacturer = _le(0x0008, 0x0070)
    StudyDescription = _le(0x0008, 0x1030)
    SeriesDescription = _le(0x0008, 0x103E)
    ComplexImageComponent = _le(0x0008, 0x9208)
    PatientName = _le(0x0010, 0x0010)
    PatientID = _le(0x0010, 0x0020)
    BodyPartExamined = _le(0x0018, 0x0015)
    SliceThickness = _le(0x0018, 0x0050)
    RepetitionTime = _le(0x0018, 0x0080)
    EchoTime = _le(0x0018, 0x0081)
    InversionTime = _le(0x0018, 0x0082)
    EchoNumbers = _le(0x0018, 0x0086)
    SpacingBetweenSlices = _le(0x0018, 0x0088)
    TriggerTime = _le(0x0018, 0x1060)
    FrameTime = _le(0x0018, 0x1063)
    FrameTimeVector = _le(0x0018, 0x1065)
    ImagerPixelSpacing = _le(0x0018, 0x1164)
    FlipAngle = _le(0x0018, 0x1314)
    PatientPosition = _le(0x0018, 0x5100)
    EffectiveEchoTime = _le(0x0018, 0x9082)
    DiffusionBValue = _le(0x0018, 0x9087)
    StudyInstanceUID = _le(0x0020, 0x000D)
    SeriesInstanceUID = _le(0x0020, 0x000E)
    SeriesNumber = _le(0x0020, 0x0011)
    AcquisitionNumber = _le(0x0020, 0x0012)
    InstanceNumber = _le(0x0020, 0x0013)
    ImagePositionPatient = _le(0x0020, 0x0032)
    ImageOrientationPatient = _le(0x0020, 0x0037)
    FrameOfReferenceUID = _le(0x0020, 0x0052)
    Laterality = _le(0x0020, 0x0060)
    TemporalPositionIdentifier = _le(0x0020, 0x0100)
    SliceLocation = _le(0x0020, 0x1041)
    StackID = _le(0x0020, 0x9056)
    DimensionIndexValues = _le(0x0020, 0x9157)
    InStackPositionNumber = _le(0x0020, 0x9057)
    TemporalPositionIndex = _le(0x0020, 0x9128)
    SamplesPerPixel = _le(0x0028, 0x0002)
    PhotometricInterpretation = _le(0x0028, 0x0004)
    PlanarConfiguration = _le(0x0028, 0x0006)
    NumberOfFrames = _le(0x0028, 0x0008)
    FrameIncrementPointer = _le(0x0028, 0x0009)
    Rows = _le(0x0028, 0x0010)
    Columns = _le(0x0028, 0x0011)
    PixelSpacing = _le(0x0028, 0x0030)
    BitsAllocated = _le(0x0028, 0x0100)
    BitsStored = _le(0x0028, 0x0101)
    HighBit = _le(0x0028, 0x0102)
    PixelRepresentation = _le(0x0028, 0x0103)
    PixelPaddingValue = _le(0x0028, 0x0120)
    PixelPaddingRangeLimit = _le(0x0028, 0x0121)
    BurnedInAnnotation = _le(0x0028, 0x0301)
    WindowCenter = _le(0x0028, 0x1050)
    WindowWidth = _le(0x0028, 0x1051)
    RescaleIntercept = _le(0x0028, 0x1052)
    RescaleSlope = _le(0x0028, 0x1053)
    RescaleType = _le(0x0028, 0x1054)
    WindowCenterWidthExplanation = _le(0x0028, 0x1055)
    LossyImageCompression = _le(0x0028, 0x2110)
    LossyImageCompressionRatio = _le(0x0028, 0x2112)
    LossyImageCompressionMethod = _le(0x0028, 0x2114)
    VOILUTFunction = _le(0x0028, 0x1056)
    RedPaletteDescriptor = _le(0x0028, 0x1101)
    GreenPaletteDescriptor = _le(0x0028, 0x1102)
    BluePaletteDescriptor = _le(0x0028, 0x1103)
    RedPaletteData = _le(0x0028, 0x1201)
    GreenPaletteData = _le(0x0028, 0x1202)
    BluePaletteData = _le(0x0028, 0x1203)
    SegmentedRedPaletteData = _le(0x0028, 0x1221)
    SegmentedGreenPaletteData = _le(0x0028, 0x1222)
    SegmentedBluePaletteData = _le(0x0028, 0x1223)
    ModalityLUTSequence = _le(0x0028, 0x3000)
    VOILUTSequence = _le(0x0028, 0x3010)
    GERawDataType = _le(0x0043, 0x102F)
    GEVasCollapseFlag = _le(0x0043, 0x1030)
    DetectorInformationSequence = _le(0x0054, 0x0022)
    TimeSlotVector = _le(0x0054, 0x0070)
    SliceVector = _le(0x0054, 0x0080)
    Units = _le(0x0054, 0x1001)
    DecayCorrection = _le(0x0054, 0x1102)
    FrameReferenceTime = _le(0x0054, 0x1300)
    DecayFactor = _le(0x0054, 0x1321)
    RealWorldValueMappingSequence = _le(0x0040, 0x9096)
    SegmentationType = _le(0x0062, 0x0001)
    SegmentSequence = _le(0x0062, 0x0002)
    MaximumFractionalValue = _le(0x0062, 0x000E)
    DoseUnits = _le(0x3004, 0x0002)
    GridFrameOffsetVector = _le(0x3004, 0x000C)
    DoseGridScaling = _le(0x3004, 0x000E)
    SharedFunctionalGroupsSequence = _le(0x5200, 0x9229)
    PerFrameFunctionalGroupsSequence = _le(0x5200, 0x9230)
    ExtendedOffsetTable = _le(0x7FE0, 0x0001)
    ExtendedOffsetTableLengths = _le(0x7FE0, 0x0002)
    FloatPixelData = _le(0x7FE0, 0x0008)
    DoubleFloatPixelData = _le(0x7FE0, 0x0009)
    PixelData = _le(0x7FE0, 0x0010)

    # Only inside sequences:
    SegmentNumber = _le(0x0062, 0x0004)
    SegmentLabel = _le(0x0062, 0x0005)
    ReferencedSegmentNumber = _le(0x0062, 0x000B)
    RecommendedDisplayCIELabValue = _le(0x0062, 0x000D)
    LUTDescriptor = _le(0x0028, 0x3002)
    LUTExplanation = _le(0x0028, 0x3003)
    ModalityLUTType = _le(0x0028, 0x3004)
    LUTData = _le(0x0028, 0x3006)
    CodeValue = _le(0x0008, 0x0100)
    CodeMeaning = _le(0x0008, 0x0104)
    MeasurementUnitsCodeSequence = _le(0x0040, 0x08EA)
    LUTLabel = _le(0x0040, 0x9210)
    RealWorldValueLastValueMapped = _le(0x0040, 0x9211)
    RealWorldValueLUTData = _le(0x0040, 0x9212)
    DoubleFloatRealWorldValueLastValueMapped = _le(0x0040, 0x9213)
    DoubleFloatRealWorldValueFirstValueMapped = _le(0x0040, 0x9214)
    RealWorldValueFirstValueMapped = _le(0x0040, 0x9216)
    RealWorldValueIntercept = _le(0x0040, 0x9224)
    RealWorldValueSlope = _le(0x0040, 0x9225)
    FrameContentSequence = _le(0x0020, 0x9111)
    PlanePositionSequence = _le(0x0020, 0x9113)
    PlaneOrientationSequence = _le(0x0020, 0x9116)
    PixelMeasuresSequence = _le(0x0028, 0x9110)
    FrameVOILUTSequence = _le(0x0028, 0x9132)
    PixelValueTransformationSequence = _le(0x0028, 0x9145)
    MREchoSequence = _le(0x0018, 0x9114)
    MRDiffusionSequence = _le(0x0018, 0x9117)
    MRImageFrameTypeSequence = _le(0x0018, 0x9226)
    CardiacSynchronizationSequence = _le(0x0018, 0x9118)
    NominalCardiacTriggerDelayTime = _le(0x0020, 0x9153)
    FrameAcquisitionDateTime = _le(0x0018, 0x9074)
    FrameType = _le(0x0008, 0x9007)


#: Name of each tag above.
KEYWORDS: dict[int, str] = {tag: name for name, tag in vars(Tag).items() if isinstance(tag, int)}

#: The sequences that are read; all others are stepped over.
SEQUENCES: frozenset[int] = frozenset(
    {
        Tag.SharedFunctionalGroupsSequence,
        Tag.PerFrameFunctionalGroupsSequence,
        Tag.ModalityLUTSequence,
        Tag.VOILUTSequence,
        Tag.DetectorInformationSequence,
        Tag.SegmentSequence,
    }
)

PIXEL_TAGS: frozenset[int] = frozenset({Tag.PixelData, Tag.FloatPixelData, Tag.DoubleFloatPixelData})

#: What size, place and value voxels have by: none may stand in a header twice and say two things.
SHAPING: frozenset[int] = frozenset(
    {
        Tag.Rows,
        Tag.Columns,
        Tag.NumberOfFrames,
        Tag.SamplesPerPixel,
        Tag.PlanarConfiguration,
        Tag.PhotometricInterpretation,
        Tag.BitsAllocated,
        Tag.BitsStored,
        Tag.HighBit,
        Tag.PixelRepresentation,
        Tag.PixelSpacing,
        Tag.ImagerPixelSpacing,
        Tag.ImageOrientationPatient,
        Tag.ImagePositionPatient,
        Tag.SpacingBetweenSlices,
        Tag.SliceThickness,
        Tag.RescaleSlope,
        Tag.RescaleIntercept,
    }
)

#: Usually different in each frame of a series: kept raw with the frame.
VARYING: tuple[int, ...] = (
    Tag.SOPInstanceUID,
    Tag.InstanceNumber,
    Tag.ImagePositionPatient,
    Tag.RescaleSlope,
    Tag.RescaleIntercept,
    Tag.WindowCenter,
    Tag.WindowWidth,
    Tag.WindowCenterWidthExplanation,
    Tag.VOILUTFunction,
    Tag.SliceLocation,
    Tag.AcquisitionNumber,
    Tag.AcquisitionDate,
    Tag.AcquisitionTime,
    Tag.FrameAcquisitionDateTime,
    Tag.RepetitionTime,
    Tag.EchoTime,
    Tag.InversionTime,
    Tag.EchoNumbers,
    Tag.FlipAngle,
    Tag.TriggerTime,
    Tag.NominalCardiacTriggerDelayTime,
    Tag.DiffusionBValue,
    Tag.TemporalPositionIdentifier,
    Tag.TemporalPositionIndex,
    Tag.InStackPositionNumber,
    Tag.DimensionIndexValues,
    Tag.ReferencedSegmentNumber,
    Tag.GERawDataType,
    Tag.GEVasCollapseFlag,
    Tag.LossyImageCompressionRatio,
    Tag.FrameReferenceTime,
    Tag.DecayFactor,
)

#: Usually the same in all frames of a series: read once for all frames that agree in every one of them.
COMMON: tuple[int, ...] = (
    Tag.SpecificCharacterSet,
    Tag.ImageType,
    Tag.ComplexImageComponent,
    Tag.SOPClassUID,
    Tag.StudyDate,
    Tag.Modality,
    Tag.Manufacturer,
    Tag.StudyDescription,
    Tag.SeriesDescription,
    Tag.PatientName,
    Tag.PatientID,
    Tag.SliceThickness,
    Tag.SpacingBetweenSlices,
    Tag.ImagerPixelSpacing,
    Tag.FrameTime,
    Tag.FrameTimeVector,
    Tag.PatientPosition,
    Tag.StudyInstanceUID,
    Tag.SeriesInstanceUID,
    Tag.SeriesNumber,
    Tag.ImageOrientationPatient,
    Tag.FrameOfReferenceUID,
    Tag.StackID,
    Tag.SamplesPerPixel,
    Tag.PhotometricInterpretation,
    Tag.PlanarConfiguration,
    Tag.NumberOfFrames,
    Tag.FrameIncrementPointer,
    Tag.Rows,
    Tag.Columns,
    Tag.PixelSpacing,
    Tag.BitsAllocated,
    Tag.BitsStored,
    Tag.HighBit,
    Tag.PixelRepresentation,
    Tag.PixelPaddingValue,
    Tag.PixelPaddingRangeLimit,
    Tag.RescaleType,
    Tag.Units,
    Tag.SegmentationType,
    Tag.MaximumFractionalValue,
    Tag.BodyPartExamined,
    Tag.Laterality,
    Tag.BurnedInAnnotation,
    Tag.LossyImageCompression,
    Tag.LossyImageCompressionMethod,
    Tag.DecayCorrection,
)

#: Read once to make the values above of them.
_MADE_OF = (Tag.SliceVector, Tag.TimeSlotVector, Tag.DoseUnits, Tag.GridFrameOffsetVector, Tag.DoseGridScaling)

WANTED: frozenset[int] = frozenset({*VARYING, *COMMON, *_MADE_OF})

#: What functional groups may say: the attributes above, and those of another name that stand for one of them.
IN_MACROS: frozenset[int] = frozenset({*VARYING, *COMMON, Tag.FrameType, Tag.EffectiveEchoTime})


def group_element(tag: int) -> tuple[int, int]:
    """Return the (group, element) of a little-endian tag."""
    return tag & 0xFFFF, tag >> 16


def describe(tag: int) -> str:
    """Return e.g. ``Rows (0028,0010)``."""
    group, element = group_element(tag)
    return f"{KEYWORDS.get(tag, 'element')} ({group:04X},{element:04X})"
