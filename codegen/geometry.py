"""What follows from the tile of a wgmma GEMM: warpgroups, instruction shape, registers and parts of shared memory.

The kernels work out the same in cpp/kernels/sm90/*/config.cuh; every generated .cu asserts that both agree.
"""

from collections.abc import Callable
from dataclasses import replace

from codegen.arch import ARCHS, WARPGROUP, WGMMA_M, WGMMA_SUM_REGISTERS
from codegen.family import Block
from codegen.spec import KernelSpec

MAX_CONSUMERS = max(WGMMA_SUM_REGISTERS)
SLICE = 128  # bytes in a row of swizzled shared memory
SCALE_BLOCK = 128  # elements of K under one scale of an FP8 operand
OUT_BYTES = {"bf16": 2, "fp32": 4}
BARRIERS = 2 * 8  # bytes of a stage's two barriers: full and empty
TILE_QUEUE = 4 * 48  # bytes of the tiles that a producer hands to its consumers
ODD_STORE_ROW = 176  # bytes in a row of D in shared memory where 128 do not divide a tile's
MAX_CONSUMER_COLUMNS = 128  # of one warpgroup with a single 64-row pass; wider tiles are split over two


def align(value: int, multiple: int) -> int:
    """The least multiple of `multiple` not under `value`."""
    return -(-value // multiple) * multiple


def tile_rows(spec: KernelSpec) -> int:
    """Tile rows on the instruction's M side: tokens, or weights with swap_ab."""
    return spec.block_n if spec.swap_ab else spec.block_m


def rows(spec: KernelSpec) -> int:
    """Rows that the instruction's M side takes from shared memory: the tile's, but no fewer than one instruction's."""
    return max(tile_rows(spec), WGMMA_M)


def is_narrow(spec: KernelSpec) -> bool:
    """Whether a tile has fewer rows than an instruction's M side: sm90/bf16_gemm/narrow_config.cuh."""
    return tile_rows(spec) < WGMMA_M


def columns(spec: KernelSpec) -> int:
    """Tile columns on the instruction's N side."""
    return spec.block_m if spec.swap_ab else spec.block_n


def splits_columns(spec: KernelSpec) -> bool:
    """Whether two warpgroups share the same 64 rows, half of the columns each."""
    return rows(spec) == WGMMA_M and columns(spec) > MAX_CONSUMER_COLUMNS


def consumers(spec: KernelSpec) -> int:
    """Consumer warpgroups."""
    if rows(spec) == MAX_CONSUMERS * WGMMA_M:
        return MAX_CONSUMERS
    return 2 if rows(spec) > WGMMA_M or splits_columns(spec) else 1


def passes(spec: KernelSpec) -> int:
    """64-row passes of one consumer over a K block."""
    return 1 if splits_columns(spec) else rows(spec) // WGMMA_M // consumers(spec)


def instruction_n(spec: KernelSpec) -> int:
    """N of the warpgroup matrix instruction."""
    return columns(spec) // 2 if splits_columns(spec) else columns(spec)


def slices(spec: KernelSpec, element_bytes: int) -> int:
    """Slices of 128 bytes of K in a stage."""
    return spec.block_k * element_bytes // SLICE


def scale_blocks(spec: KernelSpec) -> int:
    """Of FP8 families: scale blocks of K in a stage."""
    return spec.block_k // SCALE_BLOCK


def marks_of_layout(spec: KernelSpec) -> dict[str, object]:
    """Kernels.marks of a family with all layouts: whether A is M-major and B N-major in memory."""
    return {"mn_a": spec.layout[0] == "t", "mn_b": spec.layout[1] == "n"}


def threads(spec: KernelSpec) -> int:
    """Threads of a block: one producer warpgroup and the consumers."""
    return WARPGROUP * (1 + consumers(spec))


def block_with(shared_bytes: Callable[[KernelSpec], int]) -> Callable[[KernelSpec], Block]:
    """Kernels.block of a family whose kernels take `shared_bytes`."""
    return lambda spec: Block(threads(spec), shared_bytes(spec))


def matrix_registers(spec: KernelSpec) -> int:
    """FP32 registers a consumer thread holds for sums and for any partial sums in flight, one per scale block."""
    return (passes(spec) + spec.in_flight * scale_blocks(spec)) * instruction_n(spec) // 2


def operand_bytes(spec: KernelSpec, element_bytes: int) -> int:
    """Bytes of A and B in a stage."""
    return (rows(spec) + columns(spec)) * spec.block_k * element_bytes


def scale_bytes(spec: KernelSpec, vectors: int) -> int:
    """Bytes of FP32 scales in a stage for `vectors` rows of A or of B, a scale for each row and scale block."""
    return align(scale_blocks(spec) * vectors * 4, 128)


def store_subtiles(spec: KernelSpec) -> tuple[int, int]:
    """Epilogue subtiles that consumer warpgroups store one by one: their number for a consumer, the bytes of one."""
    out_bytes = OUT_BYTES[spec.out_dtype]
    row = SLICE if spec.swap_ab or instruction_n(spec) * out_bytes % SLICE == 0 else ODD_STORE_ROW
    of_pass = 1 if spec.swap_ab else instruction_n(spec) * out_bytes // row
    return passes(spec) * of_pass, WGMMA_M * (spec.block_m * out_bytes if spec.swap_ab else row)


def max_stages(spec: KernelSpec, cap: int, shared_bytes: Callable[[KernelSpec], int]) -> int:
    """As many stages as shared memory holds, `cap` at most; the spec's own stages do not matter.

    shared_bytes: what a kernel of the spec's family takes with the stages that its spec states.
    """
    limit = ARCHS[spec.arch].shared_limit
    fitting = (stages for stages in range(cap, 0, -1) if shared_bytes(replace(spec, stages=stages)) <= limit)
    return next(fitting, 0)
