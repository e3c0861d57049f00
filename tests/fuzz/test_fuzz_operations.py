"""Random sizes of every call that is no GEMM, amid guarded memory: the bits of the definition, and none beside them."""

import pytest
from aotgemm.problems.backends import CpuBackend
from aotgemm.problems.memory import CONTIGUOUS, STRIDED
from aotgemm.problems.operation import Run, lay_out
from aotgemm.problems.operations import OPERATIONS
from aotgemm.problems.operations.cast_by_dims import DimsCastSize
from aotgemm.problems.operations.casts_by_block import BlockCastSize
from aotgemm.problems.operations.casts_by_row import GROUPINGS, RowCastSize, size_of_groups
from aotgemm.problems.operations.fp4_conversions import DecodeSize, RequantizeSize, TransposeSize
from aotgemm.problems.operations.hc_prenorm import PrenormSize
from aotgemm.problems.operations.mqa_logits import EIGHT_HEADS, FORMS, FP4, FP4_HEAD_DIMS, HEAD_DIMS, HEADS, MqaSize
from aotgemm.problems.operations.packed_scales import KGroupedPackSize, PackSize
from aotgemm.problems.operations.paged_mqa_logits import PagedSize
from aotgemm.problems.operations.transpose_sf import ScaleSize
from aotgemm.selftest.operations import mismatch

CPU = CpuBackend()
DTYPES, GRANULARITIES = ("float32", "bfloat16"), (32, 128)


def pick(rng, choices):
    return choices[rng.integers(len(choices))]


def count(rng, least, most):
    return int(rng.integers(least, most + 1))


def block_cast_size(rng, operation):
    gran_k = pick(rng, GRANULARITIES)
    m = gran_k * count(rng, 1, 3) if operation.name.startswith("per_channel") else count(rng, 1, 200)
    return BlockCastSize(m, count(rng, 1, 300), pick(rng, DTYPES), gran_k, bool(rng.integers(2)))


def row_cast_size(rng, operation):
    k = 2 * count(rng, 1, 150)
    options = {
        "gran_k": pick(rng, GRANULARITIES),
        "use_ue8m0": bool(rng.integers(2)),
        "mn_major": bool(rng.integers(2)),
    }
    options["is_packed"] = options["use_ue8m0"] and bool(rng.integers(2))
    if operation.name == "silu_mul_cast_to_fp8":
        options["limit"] = float(pick(rng, (0, 0.5, 7)))
    else:
        options["dtype"] = pick(rng, DTYPES)
    if rng.integers(2):
        return RowCastSize(count(rng, 1, 60), k, **options)
    counts = tuple(rng.integers(0, 140, rng.integers(1, 4)).tolist())
    return size_of_groups(pick(rng, GROUPINGS), counts, k=k, **options)


def prenorm_size(rng, operation):
    return PrenormSize(count(rng, 1, 70), 8 * count(rng, 1, 4), 64 * count(rng, 0, 12), count(rng, 0, 9))


def heads(rng, operation):
    """How many, elements of one, and whether they are FP4."""
    is_fp4 = operation.variant == FP4
    number = 8 if operation.variant == EIGHT_HEADS else pick(rng, (8, *HEADS) if is_fp4 else HEADS)
    return number, pick(rng, FP4_HEAD_DIMS if is_fp4 else HEAD_DIMS), is_fp4


def mqa_size(rng, operation):
    number, head_dim, is_fp4 = heads(rng, operation)
    shape = count(rng, 1, 12), count(rng, 1, 200), number, head_dim
    return MqaSize(*shape, pick(rng, FORMS), pick(rng, ("random", "causal", "chunked")), is_fp4)


def paged_size(rng, operation):
    number, head_dim, is_fp4 = heads(rng, operation)
    shape = count(rng, 1, 4), count(rng, 1, 4), count(rng, 1, 200), number, head_dim
    return PagedSize(*shape, pick(rng, (32, 64)), count(rng, 1, 7), bool(rng.integers(2)), is_fp4)


def pack_size(rng, operation):
    k = count(rng, 1, 20)
    if rng.integers(2):
        return PackSize((*((count(rng, 1, 4),) if rng.integers(2) else ()), count(rng, 1, 70), k))
    ends, start = [], 0
    for rows in rng.integers(0, 140, rng.integers(1, 4)).tolist():
        ends.append(start + rows)
        start = -(-ends[-1] // 128) * 128
    return PackSize((max(ends[-1], 1) + count(rng, 0, 5), k), tuple(ends))


def k_grouped_pack_size(rng, operation):
    ks = tuple(rng.integers(0, 700, rng.integers(1, 5)).tolist())
    return KGroupedPackSize(4 * count(rng, 1, 12), ks, pick(rng, GRANULARITIES), bool(rng.integers(2)))


def scale_size(rng, operation):
    return ScaleSize(tuple(rng.integers(1, 40, rng.integers(2, 4)).tolist()))


def dims_cast_size(rng, operation):
    shape = tuple(rng.integers(1, 20, rng.integers(1, 5)).tolist())
    dims = tuple(dim for dim in range(len(shape)) if rng.integers(2))
    return DimsCastSize(shape, dims, pick(rng, DTYPES), bool(rng.integers(2)))


def decode_size(rng, operation):
    return DecodeSize(count(rng, 1, 60), 2 * count(rng, 1, 150), pick(rng, GRANULARITIES), bool(rng.integers(2)))


def transpose_size(rng, operation):
    return TransposeSize(2 * count(rng, 1, 70), 2 * count(rng, 1, 70))


def requantize_size(rng, operation):
    n, k, groups = count(rng, 1, 150), 2 * count(rng, 1, 150), count(rng, 0, 2)
    return RequantizeSize(n, k, pick(rng, (1, 128)), groups, count(rng, 0, 40), bool(rng.integers(2)))


RANDOM_SIZES = {
    DimsCastSize: dims_cast_size,
    DecodeSize: decode_size,
    TransposeSize: transpose_size,
    RequantizeSize: requantize_size,
    BlockCastSize: block_cast_size,
    RowCastSize: row_cast_size,
    PrenormSize: prenorm_size,
    MqaSize: mqa_size,
    PagedSize: paged_size,
    PackSize: pack_size,
    KGroupedPackSize: k_grouped_pack_size,
    ScaleSize: scale_size,
}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=str)
def test_random_operations(operation, rounds):
    random_size = RANDOM_SIZES[type(operation.sizes["host"][0])]
    for rng in rounds(12):
        size = random_size(rng, operation)
        inputs = operation.draw(size, rng, "finite")
        run = Run(pick(rng, (CONTIGUOUS, STRIDED)), public=bool(rng.integers(2)))
        call = lay_out(operation, size, inputs, CPU, run.memory)
        assert mismatch(call, run, operation.defined(size, inputs)) == "", (size, run)
