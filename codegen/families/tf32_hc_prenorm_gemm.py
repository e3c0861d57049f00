"""Family tf32_hc_prenorm_gemm: A in BF16 by a few FP32 rows rounded to TF32, with the sums of squares of A's rows."""

from codegen.arch import SM_90A, SM_100A, WARPGROUP
from codegen.family import BF16, TF32, Block, Family, Kernels
from codegen.geometry import align
from codegen.spec import KernelSpec
from codegen.tcgen05_geometry import TENSOR_MEMORY_ADDRESS

NAME = "tf32_hc_prenorm_gemm"
COLUMNS = (8, 16, 24, 32)  # of D, one kernel each; M, K and the splits are arguments

BARRIERS = 16  # bytes of a stage's two
WARP = 32

# sm_90a: two warpgroups that multiply, a warp that loads A and B by TMA, as many stages as fit.
SM90_ROOM_OF_STAGES, SM90_MOST_STAGES = 224 * 1024, 16

# sm_100a: A by TMA, B by a warp for each eight rows.
SM100_BLOCK_K, SM100_TILE_ROWS = 64, 64
SM100_STAGES_A, SM100_STAGES_B = 16, 8
SM100_ROWS_OF_LOADER = 8
SM100_TERM_STAGES = 2  # blocks of A in FP32, which the tensor cores read
SWIZZLE_ATOM = 1024  # bytes that such a block is a multiple of


def _block(spec: KernelSpec) -> Block:
    return Block(2 * WARPGROUP + WARP, SM90_ROOM_OF_STAGES + SM90_MOST_STAGES * BARRIERS)


def _sm100_block(spec: KernelSpec) -> Block:
    """Four warps that convert, the producer of A, one that multiplies, loaders of B."""
    loaders = spec.block_n // SM100_ROWS_OF_LOADER
    of_a = SM100_STAGES_A * (SM100_TILE_ROWS * SM100_BLOCK_K * BF16.bytes + BARRIERS)
    of_b = SM100_STAGES_B * (spec.block_n * SM100_BLOCK_K * TF32.bytes + BARRIERS)
    terms = SM100_TERM_STAGES * (SM100_TILE_ROWS * SM100_BLOCK_K * TF32.bytes + BARRIERS)
    rest = BARRIERS + TENSOR_MEMORY_ADDRESS
    return Block(WARPGROUP + (2 + loaders) * WARP, align(of_a + of_b, SWIZZLE_ATOM) + terms + rest)


def _columns(spec: KernelSpec) -> str | None:
    if spec.block_n not in COLUMNS:
        return f"block_n is {spec.block_n}; family {NAME} has {', '.join(map(str, COLUMNS))}"
    return None


FAMILY = Family(
    name=NAME,
    operand=TF32,
    choices={},
    kernels={
        SM_90A.name: Kernels(
            specs=tuple(KernelSpec(SM_90A.name, NAME, block_n=columns) for columns in COLUMNS),
            template="sm90/tf32_hc_prenorm_gemm.cu.in",
            block=_block,
            rules=(_columns,),
        ),
        SM_100A.name: Kernels(
            specs=tuple(KernelSpec(SM_100A.name, NAME, block_n=columns) for columns in COLUMNS),
            template="sm100/tf32_hc_prenorm_gemm.cu.in",
            block=_sm100_block,
            rules=(_columns,),
        ),
    },
)
