"""What follows from a GEMM spec: warpgroups, instruction shape, registers and shared memory.

The kernel works out the same in cpp/kernels/sm90/fp8_1d2d_config.cuh; every generated .cu asserts that both agree.
"""

from dataclasses import replace

from codegen.spec import KernelSpec

SHARED_LIMIT = 232448  # bytes one thread block may use on sm_90 and sm_100 (CUDA C++ Programming Guide, table 24)
WARPGROUP = 128
INSTRUCTION_M = 64
MAX_CONSUMERS = 2
SLICE = 128  # K elements under one scale, and bytes in a row of swizzled shared memory
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
    return MAX_CONSUMERS if rows(spec) > INSTRUCTION_M or splits_columns(spec) else 1


def passes(spec: KernelSpec) -> int:
    """64-row passes of one consumer over a K block."""
    return 1 if splits_columns(spec) else rows(spec) // INSTRUCTION_M // consumers(spec)


def instruction_n(spec: KernelSpec) -> int:
    """N of the warpgroup matrix instruction."""
    return columns(spec) // 2 if splits_columns(spec) else columns(spec)


def slices(spec: KernelSpec) -> int:
    """Scale blocks of 128 K elements in a stage."""
    return spec.block_k // SLICE


def threads(spec: KernelSpec) -> int:
    """Threads of a block: one producer warpgroup and the consumers."""
    return WARPGROUP * (1 + consumers(spec))


def matrix_registers(spec: KernelSpec) -> int:
    """FP32 registers a consumer thread holds for sums and for the partial sums in flight, one per slice."""
    return (passes(spec) + spec.in_flight * slices(spec)) * instruction_n(spec) // 2


def shared_bytes(spec: KernelSpec) -> int:
    """Dynamic shared memory of a block: D tile, then per stage the A tile, B tile, A scales, B scales, barriers."""
    d_tile = align(spec.block_m * spec.block_n * 2, 1024)
    operands = (spec.block_m + spec.block_n) * spec.block_k
    scales = align(slices(spec) * spec.block_m * 4, 128) + align(slices(spec) * 8, 16)
    barriers = 2 * 8
    return align(d_tile + spec.stages * (operands + scales + barriers), 16)


def max_stages(spec: KernelSpec, cap: int) -> int:
    """As many stages as shared memory holds, `cap` at most; the spec's own stages do not matter."""
    fitting = (stages for stages in range(cap, 0, -1) if shared_bytes(replace(spec, stages=stages)) <= SHARED_LIMIT)
    return next(fitting, 0)
