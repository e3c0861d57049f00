"""What follows from the tile of a GEMM on sm_100a: the matrix instruction, tensor memory and parts of shared memory.

The kernels work out the same in cpp/kernels/sm100/gemm_tile.cuh and the config.cuh of each family; every generated .cu
asserts that both agree.
"""

from collections.abc import Callable

from codegen.family import Block
from codegen.geometry import BARRIERS, OUT_BYTES, TILE_QUEUE
from codegen.spec import KernelSpec

THREADS = 256  # eight warps: producer, matrix instructions, allocation, one idle, four of the epilogue
LANES = 128  # of tensor memory: rows on the instruction's M side that a block has
EPILOGUE_WARPS = 4
WARP_LANES = 32  # of tensor memory, that a warp of the epilogue reads
STORE_WIDTHS = (128, 64, 32)  # bytes, of the TMA's swizzles
SUBTILE_BUFFERS = 2  # of a warp of the epilogue
ACCUMULATORS = 2  # the epilogue reads one while the next tile is summed in the other
ACCUMULATOR_BARRIERS = ACCUMULATORS * 16  # bytes
TENSOR_MEMORY_ADDRESS = 16  # bytes
TENSOR_MEMORY_COLUMNS = 512


def rows(spec: KernelSpec) -> int:
    """Tile rows on the instruction's M side: tokens, or weights with swap_ab."""
    return spec.block_n if spec.swap_ab else spec.block_m


def instruction_n(spec: KernelSpec) -> int:
    """N of the matrix instruction: of a block's tile, or of the tile that both blocks of a pair share."""
    return spec.block_m if spec.swap_ab else spec.block_n


def is_pair(spec: KernelSpec) -> bool:
    """Whether two blocks of a cluster compute with one instruction."""
    return spec.cluster_m * spec.cluster_n == 2


def operand_bytes(spec: KernelSpec, element_bytes: int) -> int:
    """Bytes of A and B in a block's stage. Of a tile that a pair shares each block loads its part."""
    loaded = spec.block_m // spec.cluster_n + spec.block_n // spec.cluster_m
    return loaded * spec.block_k * element_bytes


def store_row_bytes(spec: KernelSpec) -> int:
    """Bytes in a row of a warp's subtile of D: the widest of which a tile's columns are made."""
    columns = WARP_LANES if spec.swap_ab else spec.block_n
    return next(width for width in STORE_WIDTHS if columns * OUT_BYTES[spec.out_dtype] % width == 0)


def store_rows(spec: KernelSpec) -> int:
    """Rows of a warp's subtile of D."""
    return 16 if spec.swap_ab and spec.block_m % WARP_LANES != 0 else WARP_LANES


def epilogue_bytes(spec: KernelSpec) -> int:
    """Bytes of all warps' subtiles of D."""
    return EPILOGUE_WARPS * SUBTILE_BUFFERS * store_rows(spec) * store_row_bytes(spec)


def allocated_columns(columns: int) -> int:
    """Columns of tensor memory to allocate for `columns`: a power of 2 from 32 on."""
    return max(32, 1 << (columns - 1).bit_length())


def gemm_bytes(spec: KernelSpec, stage_bytes: int) -> int:
    """Shared memory of a kernel whose stages hold `stage_bytes` of operands and scales, without barriers of its own."""
    fixed = ACCUMULATOR_BARRIERS + TILE_QUEUE + TENSOR_MEMORY_ADDRESS
    return epilogue_bytes(spec) + spec.stages * (stage_bytes + BARRIERS) + fixed


def block_with(shared_bytes: Callable[[KernelSpec], int]) -> Callable[[KernelSpec], Block]:
    """Kernels.block of a family whose kernels take `shared_bytes`."""
    return lambda spec: Block(THREADS, shared_bytes(spec))
