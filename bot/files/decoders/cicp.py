"""Colours that a file names by code points (CICP: nclx in AVIF and HEIC, cICP in PNG) in place of a profile.

Wide colours and high dynamic range become roughly what they look like in sRGB. https://www.itu.int/rec/T-REC-H.273
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PIL import Image, ImageFilter

_NCLX = re.compile(rb"colrnclx(..)(..)", re.DOTALL)
_SEARCHED = 64 * 1024  # bytes of a file that hold all properties of its pictures
_BT2020, _DCI_P3, _DISPLAY_P3 = 9, 11, 12
_LINEAR, _PQ, _HLG = 8, 16, 18
_WHITE = 203.0  # candela for each square metre: white paper in HDR, by ITU-R BT.2408
_PEAK = 1000.0  # the same: the screen that HLG is made for
_KNEE = 0.8  # linear light above which highlights are compressed
_STEPS = 33  # along each side of the table

Triple = tuple[float, float, float]
_TO_BT709: Mapping[int, tuple[Triple, Triple, Triple]] = {
    _BT2020: ((1.6605, -0.5876, -0.0728), (-0.1246, 1.1329, -0.0083), (-0.0182, -0.1006, 1.1187)),
    _DCI_P3: ((1.2249, -0.2247, 0.0), (-0.0420, 1.0419, 0.0), (-0.0197, -0.0786, 1.0979)),
    _DISPLAY_P3: ((1.2249, -0.2247, 0.0), (-0.0420, 1.0419, 0.0), (-0.0197, -0.0786, 1.0979)),
}


@dataclass(frozen=True, slots=True)
class CodePoints:
    """The primaries and the transfer characteristics of a picture."""

    primaries: int
    transfer: int

    @property
    def is_hdr(self) -> bool:
        """True for what no profile describes."""
        return self.transfer in (_PQ, _HLG)

    @property
    def is_srgb(self) -> bool:
        """True if the picture looks right as it is."""
        return self.primaries not in _TO_BT709 and self.transfer not in _DECODED


def find_nclx(data: bytes) -> CodePoints | None:
    """Find the code points of an AVIF or HEIC; those of the first picture."""
    match = _NCLX.search(data, 0, _SEARCHED)
    return CodePoints(int.from_bytes(match[1]), int.from_bytes(match[2])) if match else None


def to_srgb(image: Image.Image, code_points: CodePoints) -> Image.Image:
    """Convert a picture; the result has mode RGB."""
    table = ImageFilter.Color3DLUT.generate(_STEPS, _conversion(code_points))
    return image.convert("RGB").filter(table)


def _conversion(code_points: CodePoints) -> Callable[[float, float, float], Triple]:
    decode = _DECODED.get(code_points.transfer, _from_srgb)
    matrix = _TO_BT709.get(code_points.primaries)

    def convert(red: float, green: float, blue: float) -> Triple:
        light = [decode(red), decode(green), decode(blue)]
        if code_points.transfer == _HLG:
            light = _as_shown(light)
        if matrix:
            light = [sum(weight * value for weight, value in zip(row, light, strict=True)) for row in matrix]
        first, second, third = (_to_srgb(_compressed(value) if code_points.is_hdr else value) for value in light)
        return first, second, third

    return convert


def _from_srgb(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _to_srgb(light: float) -> float:
    light = min(1.0, max(0.0, light))
    return light * 12.92 if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055


def _from_pq(value: float) -> float:
    """Return light in multiples of white. SMPTE ST 2084."""
    root: float = value ** (1 / 78.84375)
    share: float = (max(root - 0.8359375, 0.0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)
    return share * 10_000 / _WHITE


def _from_hlg(value: float) -> float:
    """Return light of the scene, 0 to 1. ARIB STD-B67."""
    if value <= 0.5:
        return value * value / 3
    return (math.exp((value - 0.55991073) / 0.17883277) + 0.28466892) / 12


def _as_shown(scene: list[float]) -> list[float]:
    """Return the light on a screen, in multiples of white, for light of the scene."""
    brightness = 0.2627 * scene[0] + 0.678 * scene[1] + 0.0593 * scene[2]
    gain = _PEAK / _WHITE * brightness**0.2
    return [gain * value for value in scene]


def _compressed(light: float) -> float:
    """Let highlights approach white instead of being cut off at it."""
    if light <= _KNEE:
        return light
    return _KNEE + (1 - _KNEE) * (1 - math.exp((_KNEE - light) / (1 - _KNEE)))


_DECODED: Mapping[int, Callable[[float], float]] = {
    4: lambda value: value**2.2,
    5: lambda value: value**2.8,
    _LINEAR: lambda value: value,
    _PQ: _from_pq,
    _HLG: _from_hlg,
}
