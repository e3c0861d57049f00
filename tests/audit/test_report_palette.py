"""Names and colours of kernels on the report's page."""

import re
from itertools import combinations

import pytest
from aotgemm import _core
from aotgemm.audit.report.palette import CLASSES, COLOURS, LAST_ON_DARK, label_of, marks_of, tile_class


def test_labels_tell_kernels_apart():
    kernels = [{"name": cubin["name"], "sha256": cubin["sha256"]} for cubin in _core.cubins()]
    marks = marks_of(kernels)
    assert len({mark.label for mark in marks.values()}) == len({mark.anchor for mark in marks.values()}) == len(kernels)
    assert marks[kernels[6]["name"]].label.startswith("K7 ")
    assert label_of("sm90_fp8_gemm_1d2d_dense_nt_bf16_swap_16x64x128_s12_f4_c1x1") == "16x64x128 swap s12 f4"
    assert label_of("sm90_fp8_gemm_1d2d_dense_nt_bf16_128x128x128_s5_f1_c2x1") == "128x128x128 s5 f1 c2x1"
    assert label_of("sm90_bf16_gemm_dense_nt_bf16_swap_8x64x128_s8_c1x1") == "8x64x128 swap s8"
    assert label_of("something_else") == "something_else"


def test_tile_classes_follow_the_tiles():
    for spec in _core.specs():
        words = CLASSES[tile_class(spec["name"])]
        assert words.endswith("swapped") == spec["swap_ab"]
        kind, rows = re.match(r"(up to|over) (\d+)", words).groups()
        assert (spec["block_m"] <= int(rows)) == (kind == "up to")
    assert tile_class("sm90_transpose_sf_fp32") == len(CLASSES) - 1 == 7


# Linear RGB as seen without one of the three cones: G. M. Machado, M. M. Oliveira, L. A. F. Fernandes, IEEE
# Transactions on Visualization and Computer Graphics 15(6), 2009.
CONES = {
    "all": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no L": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "no M": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "no S": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))  # of linear sRGB
WHITE = (0.9505, 1.0, 1.089)


def times(matrix, vector):
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]


def lab(colour, cones):
    """CIE 1976 L*a*b* of a colour such as #e69f00, as seen with these cones."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    seen = [min(max(value, 0), 1) for value in times(cones, linear)]
    x, y, z = (
        ratio ** (1 / 3) if ratio > 0.008856 else 7.787 * ratio + 16 / 116
        for ratio in (value / white for value, white in zip(times(XYZ, seen), WHITE, strict=True))
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("cones", CONES)
def test_colours_stay_apart_for_the_colour_blind(cones):
    """A difference of 2.3 is just seen; neighbours in a band have several times that."""
    for colours in (COLOURS, (*COLOURS[:-1], LAST_ON_DARK)):
        seen = [lab(colour, CONES[cones]) for colour in colours]
        distances = [
            sum((a - b) ** 2 for a, b in zip(one, two, strict=True)) ** 0.5 for one, two in combinations(seen, 2)
        ]
        assert len(colours) == 8 and min(distances) > 10, min(distances)
