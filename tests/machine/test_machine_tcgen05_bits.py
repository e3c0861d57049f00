"""tcgen05.mma of arbitrary bits: what a B200 recorded, and what the CPU backend's steps make of the same operands."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from machine_kernel import Launch, run_kernel
from machine_tcgen05 import OPERANDS, words
from tcgen05 import KINDS, step_bits
from tcgen05_kernel import DEPTH, SCALE_COLUMNS, Case, images, lanes_of, products_kernel
from tcgen05_operands import E2M1

VECTORS = np.load(Path(__file__).parents[1] / "data" / "b200_mma_vectors.npz")


def sums_of(machine, case, tiles):
    """FP32 bits of D for each (codes of A, codes of B, scales or None, bits of C), a block or a pair of them each."""
    block, lane, column = lanes_of(case)
    memory = np.zeros((len(tiles), case.group, 128, SCALE_COLUMNS), np.uint32)
    data = []
    for i, (a, b, scales, c) in enumerate(tiles):
        image, places = images(case, a, b, scales)
        memory[i, block, lane, column] = c
        data.append(image)
    arrays = (b"".join(data), memory.tobytes(), bytes(memory.nbytes))
    body, shared = products_kernel(case, places, True), OPERANDS + places["bytes"]
    grid = len(tiles) * case.group
    ran = run_kernel(machine, Launch(body, arrays, threads=128, shared=shared, cluster=case.group, grid=grid))
    assert (ran.result, ran.findings) == (0, [])
    return np.frombuffer(ran.arrays[2], np.uint32).reshape(memory.shape)[:, block, lane, column]


@pytest.mark.parametrize("kind", ["bf16", "fp16", "tf32"])
def test_equals_the_b200(machine, kind):
    """Each recorded row is a problem of its own, so of a product of 128 rows the diagonal counts."""
    case = Case(KINDS[kind], kind, kind, 128, 128, steps=1)
    bits = {name: VECTORS[f"{kind}_{name}"] for name in "abcd"}
    depth, count = DEPTH[case.kind], len(bits["d"])
    assert count == 5000
    to_codes = {
        "bf16": lambda x: (x >> 16).astype(np.uint16),
        "fp16": lambda x: x.view(np.float32).astype(np.float16).view(np.uint16),
        "tf32": lambda x: x,
    }[kind]
    rows = [np.arange(start, start + 128) % count for start in range(0, count, 128)]
    tiles = []
    for at in rows:
        a, b = (np.pad(to_codes(bits[name][at]), ((0, 0), (0, depth - bits[name].shape[1]))) for name in "ab")
        tiles.append((a, b, None, np.broadcast_to(bits["c"][at, None], (128, 128))))
    got = np.concatenate([np.diagonal(tile) for tile in sums_of(machine, case, tiles)])
    np.testing.assert_array_equal(got, bits["d"][np.concatenate(rows)])


CASES = [
    Case("f16", "bf16", "bf16", 256, 48, group=2),
    Case("f16", "fp16", "fp16", 64, 8),
    Case("tf32", "tf32", "tf32", 128, 16),
    Case("f8f6f4", "e4m3", "e5m2", 128, 32),
    Case("f8f6f4", "e2m1", "e4m3", 128, 32, group=2),
    Case("mxf8f6f4", "e4m3", "e4m3", 128, 24, scale_ids=(3, 1)),
    Case("mxf8f6f4", "e4m3", "e2m1", 256, 48, group=2, scale_ids=(0, 2)),
    Case("mxf8f6f4", "e5m2", "e2m1", 128, 8, scale_ids=(2, 2)),
    Case("mxf4", "e2m1", "e2m1", 128, 40, scale_ids=(2, 0)),
    Case("mxf4", "e2m1", "e2m1", 256, 64, group=2, scale_ids=(0, 2)),
    Case("mxf4", "e2m1", "e2m1", 128, 64, group=2, scale_ids=(0, 0)),
]


def random_codes(random, name, rows, depth):
    bits = words(random, rows, depth)
    if name == "tf32":
        return bits
    if name in ("bf16", "fp16"):
        return bits.astype(np.uint16)
    return (bits & (15 if name == "e2m1" else 255)).astype(np.uint8)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_equals_the_cpu_backend(machine, case):
    """Any codes, not-a-numbers and infinities among them, and scales from 2^-127 on."""
    random = np.random.default_rng()
    depth = case.steps * DEPTH[case.kind]
    a, b = (random_codes(random, name, rows, depth) for name, rows in ((case.a, case.m), (case.b, case.n)))
    c = words(random, case.m, case.n)
    scales = [random.integers(0, 256, (rows, 4)).astype(np.uint8) for rows in (case.m, case.n)]
    (got,) = sums_of(machine, case, [(a, b, scales, c)])
    each = (None, None)
    if case.scaled:  # of every 32 of K
        width = case.scales_of_step
        each = tuple(np.tile(s[:, i : i + width], (1, case.steps)) for s, i in zip(scales, case.scale_ids, strict=True))
    expected = step_bits(case.kind, (case.a, case.b), (a, b), c.view(np.float32), each)
    np.testing.assert_array_equal(got, expected)


def test_neighbours_differ(machine):
    """The comparison sees a single bit: another scale id is another result."""
    case = CASES[5]
    random = np.random.default_rng(2)
    a, b = (random_codes(random, name, rows, 64) & 0xF7 for name, rows in ((case.a, case.m), (case.b, case.n)))
    c, scales = words(random, case.m, case.n) & 0x3FFFFFFF, [np.full((rows, 4), 127, np.uint8) for rows in (128, 24)]
    scales[0][:, 3] = 128
    first, second = (sums_of(machine, replace(case, scale_ids=ids), [(a, b, scales, c)]) for ids in ((3, 1), (2, 1)))
    assert np.any(first != second)


def nvf4_step(a, b, scales, c):
    """kind::mxf4nvf4 by MMA-Sim's model (arXiv 2511.10909), in exact numbers; scales: UE4M3, two of each 16 of K."""
    terms = []
    for group in range(4):
        products = int(np.dot(a[16 * group :][:16], b[16 * group :][:16]))  # four times the sum
        exponent, significand = 0, 1
        for byte in (int(side[group]) for side in scales):
            field = byte >> 3 & 15
            exponent += max(field, 1) - 7
            significand *= (byte & 7) + 8 * (field != 0)
        terms.append((Fraction(products * significand, 4 * 64) * Fraction(2) ** exponent, exponent))
    exact = Fraction(float(c))
    exponents = [e for _, e in terms] + [-133 if c == 0 else max(int(np.frexp(c)[1]) - 1, -126)]
    unit = Fraction(2) ** (max(exponents) - 35)
    total = sum(int(value / unit) for value in (exact, *(value for value, _ in terms))) * unit
    if total == 0:
        return 0.0
    top = abs(total).numerator.bit_length() - abs(total).denominator.bit_length()
    top -= abs(total) < Fraction(2) ** top
    unit = Fraction(2) ** (max(top, -126) - 23)
    return float(int(total / unit) * unit)


def test_mxf4nvf4_equals_the_model(machine):
    random = np.random.default_rng()
    case = Case("mxf4nvf4", "e2m1", "e2m1", 128, 8, scale_block=16, ue4m3=True, steps=1)
    a, b = (random_codes(random, "e2m1", rows, 64) for rows in (case.m, case.n))
    scales = [random.integers(0, 127, (rows, 4)).astype(np.uint8) for rows in (case.m, case.n)]
    c = (random.standard_normal((case.m, case.n)) * 2.0 ** random.integers(-30, 30, (case.m, 1))).astype(np.float32)
    (got,) = sums_of(machine, case, [(a, b, scales, c.view(np.uint32))])
    twice = [np.where(codes >> 3, -1, 1) * (2 * E2M1[codes & 7]).astype(int) for codes in (a, b)]
    expected = [
        [nvf4_step(twice[0][i], twice[1][j], (scales[0][i], scales[1][j]), c[i, j]) for j in range(case.n)]
        for i in range(case.m)
    ]
    np.testing.assert_array_equal(got, np.array(expected, np.float32).view(np.uint32))
