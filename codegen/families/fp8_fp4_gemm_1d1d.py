"""Family fp8_fp4_gemm_1d1d: FP8 by FP4 weights that become FP8 in registers, for few rows of A.

A has a scale for 1x128 elements, as have the weights once they are FP8: one chain of tensor-core steps and one
promotion for each 128 of K, as in fp8_gemm_1d1d.
"""

from codegen import geometry, tile_rules
from codegen.arch import SM_90A
from codegen.family import FP8_FRAGMENTS, Family, Kernels
from codegen.geometry import SCALE_BLOCK, TILE_QUEUE
from codegen.spec import KernelSpec
from codegen.tiles import ONE, TileTable, specs_of

NAME = "fp8_fp4_gemm_1d1d"
GROUPINGS = ("dense", "contiguous", "psum", "masked")
LAYOUTS = ("nt",)
OUT_DTYPES = ("bf16",)

# block_m (tokens), block_n (weights), block_k, in_flight, clusters
TILES = (
    (8, 64, 256, 2, ONE),
    (16, 64, 256, 2, ONE),
    (32, 64, 256, 2, ONE),
    (8, 128, 256, 2, ONE),
    (64, 128, 256, 2, ONE),
)
# Groups that start at multiples of 128 rows: block_m divides that, and no more than 32 rows have padding.
ALIGNED_TILES = ((32, 128, 256, 2, ONE),)
# Groups with rows of their own.
SEPARATE_TILES = (
    (8, 128, 256, 2, ONE),
    (16, 128, 256, 2, ONE),
    (32, 128, 256, 2, ONE),
    (64, 128, 256, 2, ONE),
)

TABLES = (
    TileTable("dense", LAYOUTS, OUT_DTYPES, (), TILES),
    TileTable("contiguous", LAYOUTS, OUT_DTYPES, (), ALIGNED_TILES),
    TileTable("psum", LAYOUTS, OUT_DTYPES, (), ALIGNED_TILES),
    TileTable("masked", LAYOUTS, OUT_DTYPES, (), SEPARATE_TILES),
)

MOST_STAGES = 12
CODES_OF_BYTE = 2
BYTES_OF_B = 1 / CODES_OF_BYTE + 4 / SCALE_BLOCK  # of an element: its code, and its share of a word of scales
TABLE = 32 * 8  # bytes: E4M3 of eight magnitudes for each shift
COLUMNS = (8, 16, 32, 64)
ROWS = (64, 128)


def _operand_bytes(spec: KernelSpec) -> int:
    """Bytes of A and B in a stage."""
    return (spec.block_m + spec.block_n // CODES_OF_BYTE) * spec.block_k


def _scale_rows(spec: KernelSpec) -> int:
    """Rows of A's scales in a stage: a group of psum starts anywhere, a TMA box at a multiple of four."""
    return spec.block_m + (4 if spec.grouping == "psum" else 0)


def shared_bytes(spec: KernelSpec) -> int:
    """The tile of D and the table, then for each stage A, B, scales of both and barriers."""
    d_tile = spec.block_m * spec.block_n * geometry.OUT_BYTES[spec.out_dtype]
    scales = geometry.scale_bytes(spec, _scale_rows(spec)) + geometry.scale_bytes(spec, spec.block_n)
    return d_tile + TABLE + spec.stages * (_operand_bytes(spec) + scales + geometry.BARRIERS) + TILE_QUEUE


def _stages(spec: KernelSpec) -> int:
    return geometry.max_stages(spec, MOST_STAGES, shared_bytes)


def _swapped(spec: KernelSpec) -> str | None:
    if not spec.swap_ab:
        return f"swap_ab is {spec.swap_ab}; family {NAME} has True alone, for the weights come from registers"
    return None


def _columns(spec: KernelSpec) -> str | None:
    return tile_rules.columns_in(spec, COLUMNS)


def _rows(spec: KernelSpec) -> str | None:
    if spec.block_n not in ROWS:
        return f"block_n is {spec.block_n}; one or two warpgroups have 64 rows of B each"
    return None


def _in_flight(spec: KernelSpec) -> str | None:
    if spec.in_flight != 2 or spec.block_k != 2 * SCALE_BLOCK:
        return f"in_flight is {spec.in_flight} and block_k {spec.block_k}; the two K blocks of a stage are in flight"
    return None


def _one_block(spec: KernelSpec) -> str | None:
    if (spec.cluster_m, spec.cluster_n) != (1, 1):
        return f"cluster is {spec.cluster_m}x{spec.cluster_n}; family {NAME} has no clusters"
    return None


def _padding(spec: KernelSpec) -> str | None:
    if spec.grouping in ("contiguous", "psum") and spec.block_m > 32:
        return f"block_m is {spec.block_m}; a warp zeroes the padding of 32 rows at most"
    return None


FAMILY = Family(
    name=NAME,
    operand=FP8_FRAGMENTS,
    bytes_of_b=BYTES_OF_B,
    choices={"grouping": GROUPINGS, "layout": LAYOUTS, "out_dtype": OUT_DTYPES},
    kernels={
        SM_90A.name: Kernels(
            specs=specs_of(TABLES, SM_90A.name, NAME, _stages),
            template="sm90/fp8_fp4_gemm_1d1d.cu.in",
            block=geometry.block_with(shared_bytes),
            rules=(
                tile_rules.groups,
                _swapped,
                _rows,
                _columns,
                _in_flight,
                _one_block,
                _padding,
                tile_rules.two_stages,
            ),
        ),
    },
)
