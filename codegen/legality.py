"""why_illegal: the one statement of which specs can be built, with the reason where one cannot."""

from collections.abc import Callable

from codegen import geometry, legality_bf16
from codegen.legality_groups import why_illegal_for_groups
from codegen.spec import KernelSpec

Rule = Callable[[KernelSpec], str | None]

ARCHS = ("sm_90a", "sm_100a")
SCALE_BLOCK = 128  # columns of B that share a scale, and K elements that share one
GROUPINGS = ("dense", "batched", "contiguous", "psum", "masked")
MOST_SCALES_B = (
    2  # a third costs more to select than it is worth: 128x176 was 8% slower than 128x192 (H100, 2026-11-24)
)
# family: its scalings, the types it reads and those it writes, where there is a choice
CONVERSIONS = {
    "transpose_sf": (("",), ("fp32",), ("",)),
    "cast_fp8": (("token", "block"), ("bf16", "fp32"), ("",)),
    "ordered_sum": (("",), ("fp32",), ("bf16", "fp32")),
}
# By consumers, of 232 or 160 (setmaxnreg); the rest holds scales, addresses and loop state.
REGISTER_LIMITS = {1: 200, 2: 200, 3: 128}


def _arch(spec: KernelSpec) -> str | None:
    if spec.arch not in ARCHS:
        return f"arch is {spec.arch!r}; known are {', '.join(ARCHS)}"
    if spec.is_gemm and spec.arch != "sm_90a":
        return f"family {spec.family} has a kernel for sm_90a alone, not for {spec.arch}"
    return None


def _problem(spec: KernelSpec) -> str | None:
    for field, value, known in (
        ("layout", spec.layout, "nt"),
        ("out_dtype", spec.out_dtype, "bf16"),
    ):
        if value != known:
            return f"{field} is {value!r}; family {spec.family} has {known!r} alone"
    return None


def _grouping(spec: KernelSpec) -> str | None:
    if spec.grouping not in GROUPINGS:
        return f"grouping is {spec.grouping!r}; family {spec.family} has {', '.join(GROUPINGS)}"
    return None


def _block_k(spec: KernelSpec) -> str | None:
    if spec.block_k not in (128, 256):
        return f"block_k is {spec.block_k}; a stage holds 128 or 256 K elements, one or two scale blocks"
    return None


def _slices(spec: KernelSpec) -> str | None:
    if geometry.slices(spec) > 1 and geometry.passes(spec) > 1:
        return f"block_k is {spec.block_k}; with {geometry.passes(spec)} passes over a stage it must be {SCALE_BLOCK}"
    return None


def _rows(spec: KernelSpec) -> str | None:
    allowed = (64, 128, 256) if spec.swap_ab else (64, 128, 192, 256)
    if geometry.rows(spec) not in allowed:
        side = "block_n (swap_ab)" if spec.swap_ab else "block_m"
        return f"{side} is {geometry.rows(spec)}; the instruction's M side takes {', '.join(map(str, allowed))} rows"
    return None


def _columns(spec: KernelSpec) -> str | None:
    allowed = (8, 16, 24, 32, 48, 64, 128) if spec.swap_ab else tuple(range(16, 257, 16))
    if geometry.columns(spec) not in allowed:
        side = "block_m (swap_ab)" if spec.swap_ab else "block_n"
        return f"{side} is {geometry.columns(spec)}; allowed are {', '.join(map(str, allowed))}"
    return None


def _scales_b(spec: KernelSpec) -> str | None:
    if geometry.scales_b(spec) > MOST_SCALES_B:
        return (
            f"block_n is {spec.block_n}; a tile would touch {geometry.scales_b(spec)} scales of B, over {MOST_SCALES_B}"
        )
    return None


def _split_columns(spec: KernelSpec) -> str | None:
    if geometry.splits_columns(spec) and geometry.instruction_n(spec) % SCALE_BLOCK != 0:
        return f"block_n is {spec.block_n}; two warpgroups split 64 rows only at a multiple of {SCALE_BLOCK} columns"
    return None


def _cluster(spec: KernelSpec) -> str | None:
    shape = (spec.cluster_m, spec.cluster_n)
    if shape not in ((1, 1), (2, 1), (1, 2)):
        return f"cluster is {spec.cluster_m}x{spec.cluster_n}; allowed are 1x1, 2x1 and 1x2"
    shared_rows = spec.block_n if spec.cluster_m == 2 else spec.block_m
    if shape != (1, 1) and shared_rows % 16 != 0:
        return f"the tile that the cluster shares has {shared_rows} rows; each half must be a multiple of 8"
    return None


def _in_flight(spec: KernelSpec) -> str | None:
    passes = geometry.passes(spec)
    if spec.in_flight < 1 or (spec.in_flight != 1 and spec.in_flight % passes != 0):
        return f"in_flight is {spec.in_flight}; it must be 1 or a multiple of the {passes} passes over a stage"
    return None


def _registers(spec: KernelSpec) -> str | None:
    needed, limit = geometry.matrix_registers(spec), REGISTER_LIMITS[geometry.consumers(spec)]
    if needed > limit:
        return f"{needed} registers a thread for sums and partial sums; at most {limit}"
    return None


def _stages(spec: KernelSpec) -> str | None:
    # A stage is released only after its promotion: those in flight hold one each, and one more must be filling.
    least = -(-spec.in_flight // geometry.passes(spec)) + 1
    if spec.stages < least:
        return f"stages is {spec.stages}; in_flight {spec.in_flight} needs {least}"
    return None


def _shared_memory(spec: KernelSpec) -> str | None:
    needed = geometry.shared_bytes(spec)
    if needed > geometry.SHARED_LIMIT:
        return f"{needed} bytes of shared memory; a block has {geometry.SHARED_LIMIT}"
    return None


def _problem_1d1d(spec: KernelSpec) -> str | None:
    for field, value, known in (
        ("grouping", spec.grouping, ("dense",)),
        ("layout", spec.layout, ("nt",)),
        ("out_dtype", spec.out_dtype, tuple(geometry.OUT_BYTES)),
        ("swap_ab", spec.swap_ab, (False,)),
    ):
        if value not in known:
            return f"{field} is {value!r}; family {spec.family} has {', '.join(map(str, known))}"
    return None


def _columns_1d1d(spec: KernelSpec) -> str | None:
    box = geometry.SLICE // geometry.OUT_BYTES[spec.out_dtype]
    if spec.block_n > 256 or geometry.instruction_n(spec) % box != 0:
        return f"block_n is {spec.block_n}; a warpgroup's columns are at most 256 and made of boxes of {box}"
    return None


def _registers_1d1d(spec: KernelSpec) -> str | None:
    scales = geometry.instruction_n(spec) // 4 if geometry.consumers(spec) < geometry.MAX_CONSUMERS else 0
    needed = geometry.matrix_registers(spec) + scales
    limit = REGISTER_LIMITS[geometry.consumers(spec)]
    if needed > limit:
        return f"{needed} registers a thread for sums, partial sums and scales of B; at most {limit}"
    return None


def _conversion(spec: KernelSpec) -> str | None:
    known = CONVERSIONS.get(spec.family)
    if known is None:
        return f"family is {spec.family!r}; known are {', '.join((*FAMILY_RULES, *CONVERSIONS))}"
    scalings, inputs, outputs = known
    if spec.scaling not in scalings or spec.in_dtype not in inputs:
        return f"{spec.family} has no kernel for scaling {spec.scaling!r} of {spec.in_dtype!r}"
    if spec.out_dtype not in outputs:
        return f"{spec.family} has no kernel for output {spec.out_dtype!r}"
    return None


FP8_1D2D_RULES: tuple[Rule, ...] = (
    _arch,
    _problem,
    _grouping,
    why_illegal_for_groups,
    _block_k,
    _rows,
    _columns,
    _slices,
    _scales_b,
    _split_columns,
    _cluster,
    _in_flight,
    _registers,
    _stages,
    _shared_memory,
)
BF16_RULES: tuple[Rule, ...] = (
    _arch,
    *legality_bf16.BEFORE_SHARED,
    _rows,
    _cluster,
    *legality_bf16.AFTER_SHARED,
    _registers,
    _shared_memory,
)
FP8_1D1D_RULES: tuple[Rule, ...] = (
    _arch,
    _problem_1d1d,
    _block_k,
    _rows,
    _columns_1d1d,
    _slices,
    _cluster,
    _in_flight,
    _registers_1d1d,
    _stages,
    _shared_memory,
)
FAMILY_RULES = {"fp8_gemm_1d2d": FP8_1D2D_RULES, "fp8_gemm_1d1d": FP8_1D1D_RULES, "bf16_gemm": BF16_RULES}
CONVERSION_RULES: tuple[Rule, ...] = (_arch, _conversion)


def why_illegal(spec: KernelSpec) -> str | None:
    """The first reason why `spec` cannot be built, or None."""
    rules = FAMILY_RULES.get(spec.family, CONVERSION_RULES)
    return next((reason for rule in rules if (reason := rule(spec)) is not None), None)
