"""What the hands do to the window of values: functions from a state to the next, without VTK."""

from __future__ import annotations

from dataclasses import replace

from dicomvtk.display import CT_WINDOWS, VoiFunction, WindowLevel, auto_window
from dicomvtk.render.levels import fitting_values, lut_window
from dicomvtk.render.resolve import State
from dicomvtk.volume import Volume

__all__ = ["OWN_COLOURS", "auto_windowed", "next_window", "preset_window", "window_origin", "windowed"]

#: Said when a window or other colours are asked for where values are colours: VOI windows are of greys (PS3.3 C.11.2).
OWN_COLOURS = "A colour image is shown in its own colours."

#: A drag across a whole pane makes the window eight times wider, and moves the level by twice its width.
_WINDOW_DOUBLINGS = 3.0
_LEVEL_WIDTHS = 2.0
#: Below this share of its centre a window has no numbers left between black and white; and the least there are.
_NARROWEST_SHARE, _LEAST_WIDTH = 1e-9, 1e-30


def windowed(state: State, dx: float, dy: float) -> State:
    """Return `state` after a drag by shares (dx, dy) of the pane: right is wider, up is brighter."""
    old = state.window
    # LINEAR has no greys left at a width of 1: a hand that narrows a map from 0 to 1 must not meet that step.
    function: VoiFunction = "SIGMOID" if old.function == "SIGMOID" else "LINEAR_EXACT"
    width = max(old.width * 2.0 ** (_WINDOW_DOUBLINGS * dx), _NARROWEST_SHARE * abs(old.center), _LEAST_WIDTH)
    return _in_window(state, WindowLevel(old.center - _LEVEL_WIDTHS * dy * old.width, width, function=function))


def preset_window(state: State, volume: Volume, number: int) -> State:
    """Return `state` with the CT window of key `number` (1 to 5); unchanged for other modalities."""
    if volume.info.modality != "CT" or not 1 <= number <= len(CT_WINDOWS):
        return state
    return _in_window(state, list(CT_WINDOWS.values())[number - 1])


def next_window(state: State, volume: Volume) -> State:
    """Return `state` with the next VOI LUT or window of the header; after the last, the automatic window."""
    windows = _windows(volume)
    luts = len(volume.info.voi_luts)
    known = state.voi_lut
    if known is None:
        known = luts + windows.index(state.window) if state.window in windows else -1
    following = (known + 1) % (luts + len(windows))
    if following < luts:
        return replace(state, voi_lut=following, window=lut_window(volume.info.voi_luts[following]))
    return _in_window(state, windows[following - luts])


def window_origin(state: State, volume: Volume) -> str:
    """Return where the window of `state` is from, in words for the user.

    >>> window_origin(state, volume)  # doctest: +SKIP
    'Window 1 of 2 of the header'
    """
    if state.voi_lut is not None:
        return f"VOI LUT {state.voi_lut + 1} of {len(volume.info.voi_luts)} of the header"
    headers = _windows(volume)[:-1]
    if state.window in headers:
        return f"Window {headers.index(state.window) + 1} of {len(headers)} of the header"
    return "Window from the values" + ("" if headers or volume.info.voi_luts else "; the header has none")


def _windows(volume: Volume) -> list[WindowLevel]:
    """Return the different windows of the header, and last the automatic one.

    Many headers repeat a window: a step that changes nothing would look like a dead key.
    """
    given = (fitting_values(window, volume.array.dtype) for window in volume.info.windows)
    return list(dict.fromkeys([*given, auto_window(volume.array)]))


def auto_windowed(state: State, volume: Volume) -> State:
    """Return `state` with the window from the percentiles of the values."""
    return _in_window(state, auto_window(volume.array))


def _in_window(state: State, window: WindowLevel) -> State:
    return replace(state, window=window, voi_lut=None)
