"""Family bf16_gemm: BF16 GEMM that sums all of K in the tensor cores' FP32 accumulators."""

from codegen import geometry, tcgen05_geometry, tcgen05_rules, tile_rules
from codegen.arch import SM_90A, SM_100A
from codegen.family import BF16, Family, Kernels
from codegen.geometry import TILE_QUEUE
from codegen.spec import KernelSpec
from codegen.tiles import ONE, PAIR_M, PAIR_N, TilePair, TileTable, dense_tables, specs_of

NAME = "bf16_gemm"
GROUPINGS = ("dense", "batched", "contiguous", "psum", "masked", "k_grouped", "batch_reduced")
LAYOUTS = ("nt", "nn", "tn", "tt")
OUT_DTYPES = ("bf16", "fp32")

# Order decides where predictions are equal: sharing a tile halves what is read of it.
PAIRS, PAIRS_M, PAIRS_N = PAIR_M + PAIR_N + ONE, PAIR_M + ONE, PAIR_N + ONE

# block_m, block_n, block_k, clusters
NORMAL_TILES = (
    (64, 64, 128, ONE),
    (64, 128, 64, ONE),
    (64, 256, 64, ONE),
    (128, 64, 128, ONE),
    (128, 128, 64, PAIRS_M),
    (128, 192, 64, ONE),
    (128, 256, 64, PAIRS),
    (256, 128, 64, PAIRS_N),
)
# Blocks that share a tile each fetch half of it, and halves of an N-major tile are no narrower than 64.
NORMAL_TILES_K_MAJOR_B = ((64, 64, 128, ((2, 1),)),)
# Where N is a little over a multiple of 256 (2112 = 12 * 176), and D leaves in boxes of 88 BF16.
NORMAL_TILES_K_MAJOR_B_BF16 = (
    (128, 176, 64, ONE),
    (192, 176, 64, ONE),
)

# block_m (tokens), block_n (weights), block_k, clusters; an M-major tile of A is no narrower than 64.
SWAPPED_TILES_K_MAJOR_A = (
    (8, 64, 128, ONE),
    (16, 64, 128, ONE),
    (32, 64, 128, ONE),
    (16, 128, 128, ONE),
    (32, 128, 128, ONE),
)

# Few rows and few columns wait for one chain of instructions over K: fewer stages break it less often.
DEEP_SWAPPED_TILES = ((8, 64, 256, ONE),)
# Of N up to 32: no rows past the end of B are asked for.
NARROW_SWAPPED_TILES = (
    (16, 32, 128, ONE),
    (32, 32, 128, ONE),
)

# Groups that start at multiples of 128 rows (contiguous, psum): block_m divides that, and tiles share no B.
ALIGNED_TILES = (
    (64, 128, 64, ONE),
    (128, 128, 64, ONE),
    (128, 256, 64, PAIRS_N),
)
ALIGNED_SWAPPED_TILES = ((32, 128, 128, ONE),)

# Groups with rows of their own (masked, batched).
SEPARATE_TILES = (
    (64, 128, 64, ONE),
    (128, 128, 64, ONE),
    (128, 256, 64, ONE),
    (256, 128, 64, ONE),
)
SEPARATE_SWAPPED_TILES = (
    (16, 64, 128, ONE),
    (16, 128, 128, ONE),
    (32, 128, 128, ONE),
)

# D [G, M, N], sums over a range of K each.
K_GROUPED_TILES = (
    (128, 128, 64, ONE),
    (128, 256, 64, ONE),
    (256, 128, 64, ONE),
)

# D [R, M, N], sums over a range of batches each. The ranges keep all SMs busy with tiles of 128x128 or less; the widest
# tile is for outputs large enough without them.
BATCH_REDUCED_TILES = (
    (64, 64, 128, ONE),
    (64, 128, 64, ONE),
    (128, 128, 64, ONE),
    (128, 256, 64, ONE),
)

GROUPED_TABLES = (
    TileTable("contiguous", ("nt", "nn"), ("bf16",), ALIGNED_TILES, ALIGNED_SWAPPED_TILES),
    TileTable("psum", ("nt", "nn"), ("bf16",), ALIGNED_TILES, ALIGNED_SWAPPED_TILES),
    TileTable("masked", ("nt",), ("bf16",), SEPARATE_TILES, SEPARATE_SWAPPED_TILES),
    TileTable("batched", ("nt", "nn"), ("bf16",), SEPARATE_TILES, SEPARATE_SWAPPED_TILES),
    TileTable("k_grouped", ("tn",), ("fp32",), K_GROUPED_TILES),
    TileTable("batch_reduced", ("nt",), ("fp32",), BATCH_REDUCED_TILES),
)

# sm_100a. A pair of blocks reads half of what two of them read, and one block serves where only one SM may be used.
# Tiles are those that the model of published facts (cpp/dispatch/select) ranks first for shapes of DeepSeek's models.

# One block alone loads no more of A than its rows: few of them leave its loads to B.
SM100_NARROW_TILES = (
    (128, 16, 64, ONE),
    (128, 64, 64, ONE),
    (128, 160, 64, PAIR_M),
    (128, 192, 64, PAIR_M + ONE),
    (128, 224, 64, PAIR_M + ONE),
)
SM100_TILES = (
    (128, 128, 64, ONE),
    (128, 256, 64, PAIR_M),
)
SM100_BATCHED_TILES = (
    (128, 128, 64, ONE + PAIR_M),  # pairs: for einsums of N of 128
    (128, 256, 64, PAIR_M),
)
# Einsums of few rows: one block loads no more rows of A than there are, and of D one tile wide there are no pairs.
SM100_SINGLE_SWAPPED_TILES = ((16, 128, 128, ONE),)
SM100_SINGLE_WIDE_TILES = ((128, 256, 64, ONE),)
SM100_SWAPPED_TILES = ((128, 128, 64, PAIR_N),)
# An M-major tile of A is made of boxes of 64.
SM100_SWAPPED_TILES_K_MAJOR_A = ((16, 128, 128, PAIR_N),)
# Of many rows: for linear layers and the gradients of their inputs.
SM100_TALL_SWAPPED_TILES = (
    (176, 128, 64, PAIR_N),
    (208, 128, 64, PAIR_N),
    (224, 128, 64, PAIR_N),
    (240, 128, 64, PAIR_N),
)
SM100_MORE_SWAPPED_TILES = (
    (16, 128, 128, ONE),
    (32, 128, 128, PAIR_N),
    (96, 128, 64, PAIR_N),
    (192, 128, 64, PAIR_N),
)
# Logits of a language model, FP32, for some dozens of rows.
SM100_LOGITS_SWAPPED_TILES = ((64, 128, 64, PAIR_N),)
# Gradients of weights of few rows.
SM100_GRADIENT_TILES = ((128, 256, 64, ONE),)

SM100_ALIGNED_SWAPPED_TILES = (
    (32, 128, 128, PAIR_N),
    (128, 128, 64, PAIR_N),
)
# Tiles of psum begin where their group does.
SM100_PSUM_SWAPPED_TILES = (
    *SM100_ALIGNED_SWAPPED_TILES,
    (64, 128, 64, PAIR_N),
    (96, 128, 64, PAIR_N),
    (160, 128, 64, PAIR_N),
    (224, 128, 64, PAIR_N),
)
SM100_SEPARATE_SWAPPED_TILES = (
    (16, 128, 128, PAIR_N),
    (32, 128, 128, PAIR_N),
    (128, 128, 64, PAIR_N),
)
SM100_GROUPED_TABLES = (
    TileTable("contiguous", ("nt", "nn"), ("bf16",), SM100_TILES[:1], SM100_ALIGNED_SWAPPED_TILES),
    TileTable("psum", ("nt", "nn"), ("bf16",), SM100_TILES[:1], SM100_PSUM_SWAPPED_TILES),
    TileTable("masked", ("nt",), ("bf16",), SM100_TILES, SM100_SEPARATE_SWAPPED_TILES),
    TileTable("batched", ("nt", "nn"), ("bf16",), SM100_BATCHED_TILES, SM100_SEPARATE_SWAPPED_TILES),
    TileTable("batched", ("nt",), ("bf16",), (), SM100_SINGLE_SWAPPED_TILES),
    TileTable("batched", ("nn",), ("bf16",), SM100_SINGLE_WIDE_TILES),
    TileTable("k_grouped", ("tn",), ("fp32",), SM100_TILES),
    TileTable("batch_reduced", ("nt",), ("fp32",), SM100_TILES),
)

MOST_SLICES = 16  # of 64 K elements that the stages hold at most
MOST_SLICES_OF_DEEP = 24  # of stages of 256
WITHOUT_CLUSTERS = ("k_grouped", "batch_reduced")
NARROW_ROWS = (32,)  # of B, with swap_ab
COLUMNS = (64, 128, 176, 192, 256)  # D leaves in boxes of 128-byte rows or, for 176, of 176-byte ones
SWAPPED_COLUMNS = (8, 16, 32, 64)
MN_BOX = 64  # elements of M or N across a box of an operand that is not K-major


def _dense_tiles(layout: str, out_dtype: str) -> TilePair:
    """Dense tiles that a layout and output type can have, and swapped ones."""
    normal = NORMAL_TILES
    if layout[1] == "t":
        normal += NORMAL_TILES_K_MAJOR_B + NORMAL_TILES_K_MAJOR_B_BF16 * (out_dtype == "bf16")
    swapped = SWAPPED_TILES_K_MAJOR_A * (layout[0] == "n")
    if layout == "nt":
        swapped += DEEP_SWAPPED_TILES + NARROW_SWAPPED_TILES
    return normal, swapped


def _sm100_dense_tiles(layout: str, out_dtype: str) -> TilePair:
    """The same on sm_100a: most tiles for the layout and output of a linear layer, then for those of its gradients."""
    words = layout, out_dtype
    is_linear = words == ("nt", "bf16")
    normal = SM100_NARROW_TILES * is_linear + SM100_TILES + SM100_GRADIENT_TILES * (layout == "tn")
    swapped = SM100_SWAPPED_TILES_K_MAJOR_A * (layout[0] == "n") + SM100_SWAPPED_TILES
    swapped += SM100_LOGITS_SWAPPED_TILES * (words == ("nt", "fp32")) + SM100_MORE_SWAPPED_TILES * is_linear
    return normal, swapped + SM100_TALL_SWAPPED_TILES * (is_linear or words == ("nn", "bf16"))


DENSE_TABLES = tuple(dense_tables(LAYOUTS, OUT_DTYPES, _dense_tiles))
SM100_DENSE_TABLES = tuple(dense_tables(LAYOUTS, OUT_DTYPES, _sm100_dense_tiles))


def shared_bytes(spec: KernelSpec) -> int:
    """A few epilogue subtiles for each consumer, then for each stage A, B and barriers."""
    subtiles, subtile_bytes = geometry.store_subtiles(spec)
    held = 2 if subtiles % 2 == 0 else 3 if subtiles % 3 == 0 else 1
    stage = geometry.operand_bytes(spec, BF16.bytes) + geometry.BARRIERS
    return geometry.consumers(spec) * held * subtile_bytes + spec.stages * stage + TILE_QUEUE


def sm100_shared_bytes(spec: KernelSpec) -> int:
    """The same on sm_100a, where accumulators are in tensor memory."""
    return tcgen05_geometry.gemm_bytes(spec, tcgen05_geometry.operand_bytes(spec, BF16.bytes))


def _sm100_stages(spec: KernelSpec) -> int:
    return geometry.max_stages(spec, MOST_SLICES // geometry.slices(spec, BF16.bytes), sm100_shared_bytes)


def _stages(spec: KernelSpec) -> int:
    most = MOST_SLICES_OF_DEEP if spec.block_k == 256 else MOST_SLICES
    return geometry.max_stages(spec, most // geometry.slices(spec, BF16.bytes), shared_bytes)


def _marks(spec: KernelSpec) -> dict[str, object]:
    """Which kernel and shape, and the layout."""
    narrow = geometry.is_narrow(spec)
    kernel, config = ("narrow_kernel", "Bf16NarrowGemmConfig") if narrow else ("kernel", "Bf16GemmConfig")
    return geometry.marks_of_layout(spec) | {"kernel": kernel, "config": config}


def _rows(spec: KernelSpec) -> str | None:
    return tile_rules.rows_with_narrow(spec, NARROW_ROWS)


def _no_clusters(spec: KernelSpec) -> str | None:
    if spec.grouping in WITHOUT_CLUSTERS and spec.cluster_n != 1:
        return f"cluster_n is {spec.cluster_n}; family {NAME} has no clusters for {spec.grouping}"
    return None


def _partial_sums(spec: KernelSpec) -> str | None:
    if spec.grouping == "batch_reduced" and spec.out_dtype != "fp32":
        return f"out_dtype is {spec.out_dtype!r}; partial sums of batch_reduced are added on in 'fp32'"
    return None


def _block_k(spec: KernelSpec) -> str | None:
    if spec.block_k not in (64, 128) and (spec.arch, spec.block_k) != (SM_90A.name, 256):
        return f"block_k is {spec.block_k}; a stage holds 64 or 128 K elements, on Hopper 256, in slices of 128 bytes"
    return None


def _columns(spec: KernelSpec) -> str | None:
    # A box of 176 bytes is 44 FP32, and sums come by eight columns.
    if spec.block_n == 176 and spec.out_dtype != "bf16":
        return f"block_n is 176 and out_dtype {spec.out_dtype!r}; D leaves in boxes of 88 'bf16'"
    return tile_rules.columns_in(spec, SWAPPED_COLUMNS if spec.swap_ab else COLUMNS)


def _mn_major_boxes(spec: KernelSpec) -> str | None:
    return tile_rules.mn_major_boxes(spec, MN_BOX)


FAMILY = Family(
    name=NAME,
    operand=BF16,
    choices={"grouping": GROUPINGS, "layout": LAYOUTS, "out_dtype": OUT_DTYPES},
    kernels={
        SM_90A.name: Kernels(
            specs=specs_of((*DENSE_TABLES, *GROUPED_TABLES), SM_90A.name, NAME, _stages),
            template="sm90/bf16_gemm.cu.in",
            block=geometry.block_with(shared_bytes),
            marks=_marks,
            rules=(
                tile_rules.groups,
                _no_clusters,
                _partial_sums,
                tile_rules.no_promotion,
                _block_k,
                _rows,
                tile_rules.cluster,
                _columns,
                _mn_major_boxes,
                tile_rules.two_stages,
                tile_rules.registers,
            ),
        ),
        SM_100A.name: Kernels(
            specs=specs_of((*SM100_DENSE_TABLES, *SM100_GROUPED_TABLES), SM_100A.name, NAME, _sm100_stages),
            template="sm100/bf16_gemm.cu.in",
            block=tcgen05_geometry.block_with(sm100_shared_bytes),
            marks=geometry.marks_of_layout,
            rules=(
                tcgen05_rules.groups,
                _partial_sums,
                tile_rules.no_promotion,
                _block_k,
                tcgen05_rules.rows,
                tcgen05_rules.columns,
                tcgen05_rules.pair,
                _mn_major_boxes,
                tile_rules.two_stages,
            ),
        ),
    },
)
