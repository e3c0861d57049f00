"""Rules that the wgmma GEMM families share. Each says why a spec cannot be built, or None."""

from codegen import geometry
from codegen.arch import WGMMA_SUM_REGISTERS
from codegen.spec import KernelSpec

GROUP_ALIGNMENT = 128  # rows between which groups of a contiguous layout start; cpp/kernels/common/grouping.hpp


def aligned_groups(spec: KernelSpec) -> str | None:
    """No tile holds rows of different groups."""
    if spec.grouping in ("contiguous", "psum") and GROUP_ALIGNMENT % spec.block_m != 0:
        return f"block_m is {spec.block_m}; groups start at multiples of {GROUP_ALIGNMENT} rows, which it must divide"
    return None


def groups(spec: KernelSpec) -> str | None:
    """No tile holds, and no cluster shares, what belongs to different groups."""
    if wrong := aligned_groups(spec):
        return wrong
    if spec.grouping != "dense" and spec.cluster_m != 1:
        return f"cluster_m is {spec.cluster_m}; tiles of different groups share no B"
    return None


def rows(spec: KernelSpec) -> str | None:
    """The M side is one to three warpgroups of one or two passes."""
    allowed = (64, 128, 256) if spec.swap_ab else (64, 128, 192, 256)
    if geometry.tile_rows(spec) not in allowed:
        side = "block_n (swap_ab)" if spec.swap_ab else "block_m"
        return (
            f"{side} is {geometry.tile_rows(spec)}; the instruction's M side takes {', '.join(map(str, allowed))} rows"
        )
    return None


def rows_with_narrow(spec: KernelSpec, narrow: tuple[int, ...]) -> str | None:
    """As `rows`, or with swap_ab one of `narrow`: fewer rows than one instruction's."""
    if not spec.swap_ab or spec.block_n not in narrow:
        return rows(spec)
    if (spec.grouping, spec.layout, spec.cluster_m, spec.cluster_n) == ("dense", "nt", 1, 1):
        return None
    return f"block_n (swap_ab) is {spec.block_n}; a tile of so few rows is dense, 'nt', and shares nothing in a cluster"


def columns_in(spec: KernelSpec, allowed: tuple[int, ...]) -> str | None:
    """The N side is one of `allowed`."""
    if geometry.columns(spec) not in allowed:
        side = "block_m (swap_ab)" if spec.swap_ab else "block_n"
        return f"{side} is {geometry.columns(spec)}; allowed are {', '.join(map(str, allowed))}"
    return None


def cluster(spec: KernelSpec) -> str | None:
    """Two blocks at most share a tile, and each loads half of it."""
    shape = (spec.cluster_m, spec.cluster_n)
    if shape not in ((1, 1), (2, 1), (1, 2)):
        return f"cluster is {spec.cluster_m}x{spec.cluster_n}; allowed are 1x1, 2x1 and 1x2"
    shared_rows = spec.block_n if spec.cluster_m == 2 else spec.block_m
    if shape != (1, 1) and shared_rows % 16 != 0:
        return f"the tile that the cluster shares has {shared_rows} rows; each half must be a multiple of 8"
    return None


def mn_major_boxes(spec: KernelSpec, box: int) -> str | None:
    """What a block loads of an operand that is not K-major is made of boxes of `box` elements of M or N."""
    for name, rows, share, mn_major in (
        ("block_m", spec.block_m, spec.cluster_n, spec.layout[0] == "t"),
        ("block_n", spec.block_n, spec.cluster_m, spec.layout[1] == "n"),
    ):
        if mn_major and rows % (box * share) != 0:
            loaded = f"with layout {spec.layout} and {share} blocks loading the tile"
            return f"{name} is {rows}; {loaded}, it is made of boxes of {box}"
    return None


def over_registers(spec: KernelSpec, needed: int, held: str) -> str | None:
    """`needed` registers of a consumer thread, for what `held` names, are not over the limit."""
    limit = WGMMA_SUM_REGISTERS[geometry.consumers(spec)]
    return f"{needed} registers a thread for {held}; at most {limit}" if needed > limit else None


def registers(spec: KernelSpec) -> str | None:
    """Sums and partial sums stay in registers."""
    return over_registers(spec, geometry.matrix_registers(spec), "sums and partial sums")


# Of families whose tensor cores add up all of K.


def no_promotion(spec: KernelSpec) -> str | None:
    """No partial sums are in flight."""
    if spec.in_flight != 0:
        return f"in_flight is {spec.in_flight}; family {spec.family} promotes no partial sums, so it must be 0"
    return None


def two_stages(spec: KernelSpec) -> str | None:
    """The producer has a stage to fill."""
    if spec.stages < 2:
        return f"stages is {spec.stages}; one is multiplied while another is filled"
    return None


# Of FP8 families, whose consumers promote partial sums: one for each scale block of K and each pass.


def scale_blocks(spec: KernelSpec) -> str | None:
    """A stage holds whole scale blocks."""
    if spec.block_k not in (128, 256):
        return f"block_k is {spec.block_k}; a stage holds 128 or 256 K elements, one or two scale blocks"
    return None


def scale_blocks_of_passes(spec: KernelSpec) -> str | None:
    """With several passes over a stage, each pass has one scale block."""
    passes = geometry.passes(spec)
    if geometry.scale_blocks(spec) > 1 and passes > 1:
        return f"block_k is {spec.block_k}; with {passes} passes over a stage it must be {geometry.SCALE_BLOCK}"
    return None


def in_flight(spec: KernelSpec) -> str | None:
    """Partial sums in flight are one, or those of whole stages."""
    passes = geometry.passes(spec)
    if spec.in_flight < 1 or (spec.in_flight != 1 and spec.in_flight % passes != 0):
        return f"in_flight is {spec.in_flight}; it must be 1 or a multiple of the {passes} passes over a stage"
    return None


def stages_in_flight(spec: KernelSpec) -> str | None:
    """A consumer releases a stage after its promotion: those in flight hold one each, and one more is filled."""
    least = -(-spec.in_flight // geometry.passes(spec)) + 1
    if spec.stages < least:
        return f"stages is {spec.stages}; in_flight {spec.in_flight} needs {least}"
    return None
