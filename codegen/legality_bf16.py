"""What family bf16_gemm asks of a spec beyond the rules that all GEMM families share."""

from codegen import geometry
from codegen.legality_groups import why_illegal_for_groups
from codegen.spec import KernelSpec

GROUPINGS = ("dense", "batched", "contiguous", "psum", "masked", "k_grouped", "batch_reduced")
WITHOUT_CLUSTERS = ("k_grouped", "batch_reduced")
LAYOUTS = ("nt", "nn", "tn", "tt")
OUT_DTYPES = ("bf16", "fp32")
COLUMNS = (64, 128, 176, 192, 256)  # D leaves in boxes of 128-byte rows or, for 176, of 176-byte ones
SWAPPED_COLUMNS = (8, 16, 32, 64)
MN_BOX = 64  # elements of M or N across a box of an operand that is not K-major


def _problem(spec: KernelSpec) -> str | None:
    for field, value, known in (
        ("grouping", spec.grouping, GROUPINGS),
        ("layout", spec.layout, LAYOUTS),
        ("out_dtype", spec.out_dtype, OUT_DTYPES),
    ):
        if value not in known:
            return f"{field} is {value!r}; family {spec.family} has {', '.join(known)}"
    return None


def _no_clusters(spec: KernelSpec) -> str | None:
    if spec.grouping in WITHOUT_CLUSTERS and spec.cluster_n != 1:
        return f"cluster_n is {spec.cluster_n}; family {spec.family} has no clusters for {spec.grouping}"
    return None


def _partial_sums(spec: KernelSpec) -> str | None:
    if spec.grouping == "batch_reduced" and spec.out_dtype != "fp32":
        return f"out_dtype is {spec.out_dtype!r}; partial sums of batch_reduced are added on in 'fp32'"
    return None


def _no_promotion(spec: KernelSpec) -> str | None:
    if spec.in_flight != 0:
        return f"in_flight is {spec.in_flight}; family {spec.family} promotes no partial sums, so it must be 0"
    return None


def _block_k(spec: KernelSpec) -> str | None:
    if spec.block_k not in (64, 128):
        return f"block_k is {spec.block_k}; a stage holds 64 or 128 K elements, one or two slices of 128 bytes"
    return None


def _columns(spec: KernelSpec) -> str | None:
    allowed = SWAPPED_COLUMNS if spec.swap_ab else COLUMNS
    if geometry.columns(spec) not in allowed:
        side = "block_m (swap_ab)" if spec.swap_ab else "block_n"
        return f"{side} is {geometry.columns(spec)}; allowed are {', '.join(map(str, allowed))}"
    if (
        spec.block_n == 176 and spec.out_dtype != "bf16"
    ):  # a box of 176 bytes is 44 FP32, and sums come by eight columns
        return f"block_n is 176 and out_dtype {spec.out_dtype!r}; D leaves in boxes of 88 'bf16'"
    return None


def _mn_major_boxes(spec: KernelSpec) -> str | None:
    for name, rows, share, mn_major in (
        ("block_m", spec.block_m, spec.cluster_n, spec.layout[0] == "t"),
        ("block_n", spec.block_n, spec.cluster_m, spec.layout[1] == "n"),
    ):
        if mn_major and rows % (MN_BOX * share) != 0:
            loaded = f"with layout {spec.layout} and {share} blocks loading the tile"
            return f"{name} is {rows}; {loaded}, it is made of boxes of {MN_BOX}"
    return None


def _stages(spec: KernelSpec) -> str | None:
    if spec.stages < 2:
        return f"stages is {spec.stages}; one is multiplied while another is filled"
    return None


BEFORE_SHARED = (_problem, why_illegal_for_groups, _no_clusters, _partial_sums, _no_promotion, _block_k)
AFTER_SHARED = (_columns, _mn_major_boxes, _stages)
