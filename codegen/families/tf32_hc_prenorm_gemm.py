"""Family tf32_hc_prenorm_gemm: A in BF16 by a few FP32 rows rounded to TF32, with the sums of squares of A's rows."""

from codegen.arch import SM_90A, SM_100A, WARPGROUP
from codegen.family import BF16, TF32, Block, Family, Kernels
from codegen.geometry import align
from codegen.spec import KernelSpec
from codegen.tcgen05_geometry import TENSOR_MEMORY_ADDRESS

NAME = "tf32_hc_prenorm_gemm"
COLUMNS = (8, 16, 24, 32)  # of D, one kernel each; M, K and the splits are arguments

BLOCK_K, TILE_ROWS = 64, 64
STAGES_A = 16
LOADERS, STAGES_B = 3, 9
SM100_STAGES_B = 8
BARRIERS = 16  # bytes of a stage's two
WARP, ROWS_OF_LOADER = 32, 8
SM100_TERM_STAGES = 2  # blocks of A in FP32, which the tensor cores read
SWIZZLE_ATOM = 1024  # bytes that such a block is a multiple of


def _shared_bytes(spec: KernelSpec, stages_b: int) -> int:
    of_a = STAGES_A * (TILE_ROWS * BLOCK_K * BF16.bytes + BARRIERS)
    return of_a + stages_b * (spec.block_n * BLOCK_K * TF32.bytes + BARRIERS)


def _block(spec: KernelSpec) -> Block:
    """Consumers, the warpgroup of squares, the producer and the loaders, in whole warpgroups."""
    loaders = LOADERS * (spec.block_n // ROWS_OF_LOADER)
    return Block(2 * WARPGROUP + align(WARP + loaders * WARP, WARPGROUP), _shared_bytes(spec, STAGES_B))


def _sm100_block(spec: KernelSpec) -> Block:
    """Four warps that convert, the producer, one that multiplies, one loader; blocks of A in FP32."""
    threads = WARPGROUP + (2 + spec.block_n // ROWS_OF_LOADER) * WARP
    terms = SM100_TERM_STAGES * (TILE_ROWS * BLOCK_K * TF32.bytes + BARRIERS)
    rest = BARRIERS + TENSOR_MEMORY_ADDRESS
    return Block(threads, align(_shared_bytes(spec, SM100_STAGES_B), SWIZZLE_ATOM) + terms + rest)


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
