"""Family fp8_gemm_1d1d: FP8 GEMM, promoted per scale block, with a scale for 1x128 elements of A and of B alike."""

from codegen import geometry, tile_rules
from codegen.arch import SM_90A
from codegen.family import FP8, Family, Kernels
from codegen.geometry import TILE_QUEUE
from codegen.spec import KernelSpec
from codegen.tiles import ONE, TileTable, specs_of

NAME = "fp8_gemm_1d1d"
GROUPINGS = ("dense",)
LAYOUTS = ("nt",)
OUT_DTYPES = ("bf16", "fp32")

PAIRS = ((1, 1), (2, 1), (1, 2))

# block_m, block_n, block_k, in_flight, clusters
TILES = (
    (64, 64, 128, 2, ONE),
    (64, 128, 128, 1, ONE),
    (64, 256, 128, 1, ONE),
    (128, 64, 128, 2, ONE),
    (128, 128, 128, 1, PAIRS),
)
# D leaves in boxes of 32 columns in FP32, 64 in BF16, and 96 are no multiple of 64.
TILES_FP32 = ((192, 96, 128, 1, ONE),)

TABLES = (
    TileTable("dense", LAYOUTS, ("bf16",), TILES),
    TileTable("dense", LAYOUTS, ("fp32",), TILES + TILES_FP32),
)

MOST_STAGES = 8
SUBTILE_BARRIERS = 32  # bytes of barriers for each epilogue subtile that a consumer holds
# A consumer holds all of its share of D in shared memory if that leaves room for as many stages.
STAGES_BESIDE_SUBTILES = 4


def shared_bytes(spec: KernelSpec) -> int:
    """Epilogue subtiles and their barriers, then for each stage A, B, scales of both and barriers."""
    scales = geometry.scale_bytes(spec, spec.block_m) + geometry.scale_bytes(spec, spec.block_n)
    stage = geometry.operand_bytes(spec, FP8.bytes) + scales + geometry.BARRIERS
    subtiles, subtile_bytes = geometry.store_subtiles(spec)
    of_subtile = geometry.consumers(spec) * (subtile_bytes + SUBTILE_BARRIERS)
    room = SM_90A.shared_limit - TILE_QUEUE - STAGES_BESIDE_SUBTILES * stage
    held = min(subtiles, max(1, room // of_subtile))
    return held * of_subtile + spec.stages * stage + TILE_QUEUE


def _stages(spec: KernelSpec) -> int:
    return geometry.max_stages(spec, MOST_STAGES, shared_bytes)


def _not_swapped(spec: KernelSpec) -> str | None:
    if spec.swap_ab:
        return f"swap_ab is {spec.swap_ab}; family {NAME} has False alone"
    return None


def _columns(spec: KernelSpec) -> str | None:
    box = geometry.SLICE // geometry.OUT_BYTES[spec.out_dtype]
    if spec.block_n > 256 or geometry.instruction_n(spec) % box != 0:
        return f"block_n is {spec.block_n}; a warpgroup's columns are at most 256 and made of boxes of {box}"
    return None


def _registers(spec: KernelSpec) -> str | None:
    scales = geometry.instruction_n(spec) // 4 if geometry.consumers(spec) < geometry.MAX_CONSUMERS else 0
    needed = geometry.matrix_registers(spec) + scales
    return tile_rules.over_registers(spec, needed, "sums, partial sums and scales of B")


FAMILY = Family(
    name=NAME,
    operand=FP8,
    choices={"grouping": GROUPINGS, "layout": LAYOUTS, "out_dtype": OUT_DTYPES},
    kernels={
        SM_90A.name: Kernels(
            specs=specs_of(TABLES, SM_90A.name, NAME, _stages),
            template="sm90/fp8_gemm_1d1d.cu.in",
            frees_behind_loads=True,
            block=geometry.block_with(shared_bytes),
            rules=(
                _not_swapped,
                tile_rules.scale_blocks,
                tile_rules.rows,
                _columns,
                tile_rules.scale_blocks_of_passes,
                tile_rules.cluster,
                tile_rules.in_flight,
                _registers,
                tile_rules.stages_in_flight,
            ),
        ),
    },
)
