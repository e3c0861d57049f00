"""What follows from a GEMM spec: warpgroups, instruction shape, registers and shared memory.

The kernels work out the same in cpp/kernels/sm90/*_config.cuh; every generated .cu asserts that both agree.
"""

from dataclasses import replace
from math import gcd

from codegen.spec import KernelSpec

SHARED_LIMIT = 232448  # bytes one thread block may use on sm_90 and sm_100 (CUDA C++ Programming Guide, table 24)
WARPGROUP = 128
INSTRUCTION_M = 64
MAX_CONSUMERS = 3
SLICE = 128  # bytes in a row of swizzled shared memory; for FP8 also the K elements under one scale
ELEMENT_BYTES = {"fp8_gemm_1d2d": 1, "fp8_gemm_1d1d": 1, "bf16_gemm": 2}  # of an operand, by family
OUT_BYTES = {"bf16": 2, "fp32": 4}
UNIT_BARRIERS = 32  # bytes of barriers for each unit of D that a consumer of fp8_gemm_1d1d holds
TILE_RING = 4 * 48  # bytes of the tiles that a producer hands to its consumers
STAGES_BESIDE_UNITS = (
    4  # of fp8_gemm_1d1d: a consumer holds all of its share of D if that leaves room for as many stages
)
ODD_STORE_ROW = 176  # bytes in a row of D in shared memory where 128 do not divide a tile's
MAX_CONSUMER_COLUMNS = 128  # of one warpgroup with a single 64-row pass; wider tiles are split over two


def align(value: int, multiple: int) -> int:
    """The least multiple of `multiple` not under `value`."""
    return -(-value // multiple) * multiple


def rows(spec: KernelSpec) -> int:
    """Tile rows on the instruction's M side: tokens, or weights with swap_ab."""
    return spec.block_n if spec.swap_ab else spec.block_m


def columns(spec: KernelSpec) -> int:
    """Tile columns on the instruction's N side."""
    return spec.block_m if spec.swap_ab else spec.block_n


def splits_columns(spec: KernelSpec) -> bool:
    """Whether two warpgroups share the same 64 rows, half of the columns each."""
    return rows(spec) == INSTRUCTION_M and columns(spec) > MAX_CONSUMER_COLUMNS


def consumers(spec: KernelSpec) -> int:
    """Consumer warpgroups."""
    if rows(spec) == MAX_CONSUMERS * INSTRUCTION_M:
        return MAX_CONSUMERS
    return 2 if rows(spec) > INSTRUCTION_M or splits_columns(spec) else 1


def passes(spec: KernelSpec) -> int:
    """64-row passes of one consumer over a K block."""
    return 1 if splits_columns(spec) else rows(spec) // INSTRUCTION_M // consumers(spec)


def instruction_n(spec: KernelSpec) -> int:
    """N of the warpgroup matrix instruction."""
    return columns(spec) // 2 if splits_columns(spec) else columns(spec)


def slices(spec: KernelSpec) -> int:
    """Slices of 128 bytes of K in a stage; for FP8 each is a scale block."""
    return spec.block_k * ELEMENT_BYTES[spec.family] // SLICE


def scale_step(spec: KernelSpec) -> int:
    """Of fp8_gemm_1d2d: tiles start at multiples of this many columns after a boundary between scales of B."""
    return gcd(spec.block_n, SLICE)


def scales_b(spec: KernelSpec) -> int:
    """Of fp8_gemm_1d2d: scales of B that the columns of a tile have at most."""
    return -(-(SLICE - scale_step(spec) + spec.block_n) // SLICE)


def threads(spec: KernelSpec) -> int:
    """Threads of a block: one producer warpgroup and the consumers."""
    return WARPGROUP * (1 + consumers(spec))


def matrix_registers(spec: KernelSpec) -> int:
    """FP32 registers a consumer thread holds for sums and for any partial sums in flight, one per slice."""
    return (passes(spec) + spec.in_flight * slices(spec)) * instruction_n(spec) // 2


def store_units(spec: KernelSpec) -> tuple[int, int]:
    """Of bf16_gemm and fp8_gemm_1d1d: units in which a consumer's share of D leaves, and the bytes of one."""
    out_bytes = OUT_BYTES[spec.out_dtype]
    row = SLICE if spec.swap_ab or instruction_n(spec) * out_bytes % SLICE == 0 else ODD_STORE_ROW
    of_pass = 1 if spec.swap_ab else instruction_n(spec) * out_bytes // row
    return passes(spec) * of_pass, INSTRUCTION_M * (spec.block_m * out_bytes if spec.swap_ab else row)


def _bf16_shared_bytes(spec: KernelSpec) -> int:
    units, unit_bytes = store_units(spec)
    held = 2 if units % 2 == 0 else 3 if units % 3 == 0 else 1
    operands = (spec.block_m + spec.block_n) * spec.block_k * 2
    return consumers(spec) * held * unit_bytes + spec.stages * (operands + 2 * 8) + TILE_RING


def _fp8_1d1d_shared_bytes(spec: KernelSpec) -> int:
    operands = (spec.block_m + spec.block_n) * spec.block_k
    scales = align(slices(spec) * spec.block_m * 4, 128) + align(slices(spec) * spec.block_n * 4, 128)
    stage = operands + scales + 2 * 8
    units, unit_bytes = store_units(spec)
    of_unit = consumers(spec) * (unit_bytes + UNIT_BARRIERS)
    held = min(units, max(1, (SHARED_LIMIT - TILE_RING - STAGES_BESIDE_UNITS * stage) // of_unit))
    return held * of_unit + spec.stages * stage + TILE_RING


def shared_bytes(spec: KernelSpec) -> int:
    """Dynamic shared memory of a block: D (a tile or units of it), then for each stage A, B, scales and barriers.

    Consumers of fp8_gemm_1d2d hold the scales of B in registers.
    """
    if spec.family == "bf16_gemm":
        return _bf16_shared_bytes(spec)
    if spec.family == "fp8_gemm_1d1d":
        return _fp8_1d1d_shared_bytes(spec)
    d_tile = align(spec.block_m * spec.block_n * 2, 1024)
    operands = (spec.block_m + spec.block_n) * spec.block_k
    scales_a = align(slices(spec) * spec.block_m * 4, 128)
    return d_tile + spec.stages * (operands + scales_a + 2 * 8) + TILE_RING


def max_stages(spec: KernelSpec, cap: int) -> int:
    """As many stages as shared memory holds, `cap` at most; the spec's own stages do not matter."""
    fitting = (stages for stages in range(cap, 0, -1) if shared_bytes(replace(spec, stages=stages)) <= SHARED_LIMIT)
    return next(fitting, 0)
