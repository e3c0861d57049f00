"""Kernels broken on purpose: edits of the PTX of real ones, and the kind of finding that each must bring.

"bits": the machine has nothing to say of the protocol, and D is wrong.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

ALL = None
Edit = Callable[[str], str]


Which = int | slice | tuple[int, ...] | None


def _choose(matches: list[re.Match[str]], which: Which) -> list[re.Match[str]]:
    if isinstance(which, int):
        return [matches[which]]
    if isinstance(which, slice):
        return matches[which]
    return matches if which is ALL else [matches[i] for i in which]


def replace(pattern: str, by: str, which: Which = ALL) -> Edit:
    """Some matches of a pattern become `by`."""

    def edit(text: str) -> str:
        chosen = _choose(list(re.finditer(pattern, text, re.MULTILINE)), which)
        assert chosen, f"no {pattern}"
        for match in reversed(chosen):
            text = text[: match.start()] + match.expand(by) + text[match.end() :]
        return text

    return edit


def drop(opcode: str, which: Which = ALL) -> Edit:
    """Without an instruction, whose opcode starts so (a pattern)."""
    return replace(rf"^(\s*){opcode}[^;]*;", r"\1", which)


def drop_wait(which: Which) -> Edit:
    """Without the loop of a try_wait."""
    return replace(r"again:\nmbarrier\.try_wait[^;]*;\n@!done bra again;", "", which)


def flip_parity(which: Which) -> Edit:
    return replace(
        r"again:\n(mbarrier\.try_wait[^,]*, \[[^]]*\]), (%\w+);",
        r".reg .b32 other;\nxor.b32 other, \2, 1;\nagain:\n\1, other;",
        which,
    )


def before(anchor: str, what: str, which: Which = ALL) -> Edit:
    """One more instruction in front of another."""
    return replace(rf"^(\s*)({anchor})", rf"\1{what}\n\2", which)


@dataclass(frozen=True)
class Subject:
    """A kernel and a problem that makes each block take several tiles, and its ring of stages go round."""

    family: str
    kernel: str
    m: int
    n: int
    k: int
    capability: str = "9.0"


SUBJECTS = {
    "pair": Subject("gemm", "sm90_fp8_gemm_1d2d_dense_nt_bf16_256x128x128_s3_f1_c2x1", 600, 264, 640),
    "ahead": Subject("gemm", "sm90_fp8_gemm_1d2d_dense_nt_bf16_64x128x128_s8_f2_c1x1", 200, 264, 1296),
    "short": Subject("gemm", "sm90_fp8_gemm_1d2d_dense_nt_bf16_64x128x128_s8_f2_c1x1", 200, 712, 128),
    "units": Subject("gemm", "sm90_fp8_gemm_1d1d_dense_nt_fp32_128x128x128_s4_f1_c2x1", 600, 264, 640),
    "bf16": Subject("gemm", "sm90_bf16_gemm_dense_tn_bf16_128x128x64_s6_c2x1", 600, 264, 640),
    "masked": Subject("masked", "sm90_fp8_gemm_1d2d_masked_nt_bf16_64x128x128_s8_f2_c1x1", 200, 264, 640),
    "prenorm": Subject("hc_prenorm", "sm90_tf32_hc_prenorm_gemm_n24", 129, 24, 27 * 64),
    "cast": Subject("cast", "sm90_cast_fp8_per_block_fp32", 130, 0, 300),
    "transpose": Subject("transpose_sf", "sm90_transpose_sf_fp32", 132, 0, 7),
}


@dataclass(frozen=True)
class Mutation:
    what: str
    subject: str
    edit: Edit
    kinds: frozenset[str]


def mutation(what: str, subject: str, edit: Edit, *kinds: str) -> Mutation:
    return Mutation(what, subject, edit, frozenset(kinds))


CLUSTER_BARRIER = r"^\s*barrier\.cluster\.arrive[^;]*;\s*barrier\.cluster\.wait[^;]*;"
LOAD = r"cp\.async\.bulk\.tensor\.2d\.shared::cluster[^\[;]*"
LOAD_TO = LOAD + r"\[(%r\d+)\]"
ARRIVALS = r"(mov\.u32\s+%r\d+, )264;"
BOTH_BLOCKS = r"(mov\.u16\s+%rs\d+, )3;"
SOME_LANES = ".reg .b32 lane;\n.reg .pred some;\nmov.u32 lane, %laneid;\nsetp.lt.u32 some, lane, 17;\n@some "
MULTICAST = r"cp\.async\.bulk\.tensor\.2d\.shared::cluster\S*multicast::cluster"

START_AND_END = (
    mutation("mbarrier.init is not fenced", "pair", drop(r"fence\.mbarrier_init"), "proxy-fence"),
    mutation("no cluster barrier after mbarrier.init", "pair", replace(CLUSTER_BARRIER, "", 0), "race", "mbarrier"),
    mutation("no block barrier after mbarrier.init", "ahead", drop(r"bar\.sync", 0), "race", "mbarrier"),
    mutation("a block does not wait for its neighbour's end", "pair", replace(CLUSTER_BARRIER, "", -1), "exit"),
    mutation("one arrival too many is expected", "pair", replace(ARRIVALS, r"\g<1>265;"), "deadlock"),
    mutation("one arrival too few is expected", "pair", replace(ARRIVALS, r"\g<1>263;"), "race", "mbarrier"),
    mutation(
        "an mbarrier is initialised twice", "ahead", replace(r"^(\s*mbarrier\.init[^;]*;)", r"\1 \1", 3), "mbarrier"
    ),
    mutation("two mbarriers lie at one address", "pair", replace(r"216072;", "216064;", 0), "mbarrier", "deadlock"),
)

PRODUCER = (
    mutation("16 bytes more are announced than come", "pair", replace(r"50176;", "50192;"), "deadlock", "mbarrier"),
    mutation("16 bytes fewer are announced than come", "pair", replace(r"50176;", "50160;"), "deadlock", "mbarrier"),
    mutation("only A's bytes are announced", "pair", replace(r"50176;", "32768;"), "race", "deadlock", "uninitialised"),
    mutation(
        "the bytes are not announced",
        "pair",
        replace(r"mbarrier\.arrive\.expect_tx(\.shared::cta\.b64 _, \[[^]]*\]), [^;]*;", r"mbarrier.arrive\1;"),
        "race",
        "uninitialised",
        "deadlock",
    ),
    mutation("a stage is filled before it is free", "ahead", drop_wait(1), "race"),
    mutation("a stage is filled before it is free, in a pair", "pair", drop_wait(1), "race", "mbarrier"),
    mutation("the parity of `empty` is the other one", "pair", flip_parity(1), "deadlock", "race"),
    mutation(
        "all lanes produce",
        "pair",
        replace(r"(elect\.sync[^;]*;\s*)selp\.b32 (%r\d+), 1, 0, p;", r"\1mov.b32 \2, 1;", 0),
        "mbarrier",
    ),
    mutation(
        "coordinates of A are the wrong way round",
        "pair",
        replace(rf"({LOAD}[^{{;]*)\{{(%r\d+), (%r\d+)\}}", r"\1{\3, \2}", 0),
        "bits",
    ),
    mutation("a box 64 bytes off its place", "pair", before(LOAD_TO, r"add.s32 \3, \3, 64;", 0), "tma"),
    mutation(
        "a box a swizzle atom off its place",
        "pair",
        before(LOAD_TO, r"add.s32 \3, \3, 1024;", 0),
        "race",
        "bits",
        "uninitialised",
        "mbarrier",
    ),
    mutation("a multicast that leaves the neighbour out", "pair", replace(BOTH_BLOCKS, r"\g<1>1;"), "deadlock"),
    mutation("a multicast to a block that is not there", "pair", replace(BOTH_BLOCKS, r"\g<1>7;"), "tma"),
    mutation(
        "no multicast",
        "pair",
        replace(
            rf"({MULTICAST})( [^;]*), %rs\d+;",
            r"cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes\2;",
        ),
        "deadlock",
    ),
    mutation(
        "a copy counts at a barrier that is none",
        "ahead",
        replace(rf"({LOAD_TO}, \[%rd\d+, [^]]*\], \[)%r\d+\]", r"\1\2]", 0),
        "mbarrier",
    ),
    mutation("a load is missing", "ahead", drop(LOAD, -1), "deadlock"),
    mutation("the slot of a tile is filled before it is free", "short", drop_wait(0), "race", "mbarrier"),
    mutation(
        "the slot of a tile is filled after its arrival",
        "pair",
        replace(r"^(\s*st\.shared\.v4\.s32[^;]*;)([\s\S]*?)^(\s*mbarrier\.arrive\.shared::cta[^;]*;)", r"\2\3\n\1", 0),
        "race",
        "uninitialised",
    ),
    mutation("a tile is not handed over", "pair", drop(r"mbarrier\.arrive\.shared::cta", 0), "deadlock"),
    mutation("the grid before is not waited for", "pair", drop(r"griddepcontrol\.wait"), "pdl"),
)

CONSUMER = (
    mutation("a tile is read before it is there", "pair", drop_wait(3), "race", "uninitialised"),
    mutation("a stage is multiplied before it is full", "pair", drop_wait(slice(4, -1)), "race", "uninitialised"),
    mutation(
        "a stage is multiplied before it is full, ahead", "ahead", drop_wait(slice(4, -1)), "race", "uninitialised"
    ),
    mutation(
        "the parity of `full` is the other one", "pair", flip_parity(slice(4, -1)), "race", "uninitialised", "deadlock"
    ),
    mutation("a stage is not released", "ahead", drop(r"mbarrier\.arrive\.shared::cta", 4), "deadlock"),
    mutation(
        "a stage is not released to the neighbour", "pair", drop(r"mbarrier\.arrive\.shared::cluster"), "deadlock"
    ),
    mutation(
        "a stage is released to oneself twice",
        "pair",
        replace(
            r"mapa\.shared::cluster\.u32 remote, (%r\d+), %r\d+;",
            r"mov.u32 remote, %cluster_ctarank;\nmapa.shared::cluster.u32 remote, \1, remote;",
        ),
        "mbarrier",
        "race",
        "deadlock",
    ),
    mutation(
        "a stage is released before its wgmma is over",
        "ahead",
        replace(r"^(\s*wgmma\.wait_group[^;]*;)([\s\S]*?)^(\s*mbarrier\.arrive\.shared::cta[^;]*;)", r"\2\3\n\1"),
        "race",
    ),
    mutation(
        "sums are read one group too early",
        "ahead",
        replace(r"wait_group\.sync\.aligned 1;", "wait_group.sync.aligned 2;"),
        "wgmma",
    ),
    mutation("sums are read without waiting", "pair", drop(r"wgmma\.wait_group"), "wgmma"),
    mutation("wgmma is not fenced from its registers", "pair", drop(r"wgmma\.fence"), "wgmma"),
    mutation("wgmma are not committed", "pair", drop(r"wgmma\.commit_group"), "wgmma"),
    mutation(
        "an accumulator is written under way",
        "bf16",
        before(r"wgmma\.commit_group", "mov.f32 partial0, 0f00000000;", 0),
        "wgmma",
    ),
    mutation(
        "the first wgmma of a chain adds",
        "pair",
        replace(r"setp\.ne\.b32 accumulate, 0, 0;", "setp.ne.b32 accumulate, 1, 0;"),
        "uninitialised",
        "bits",
    ),
    mutation(
        "the stride of a descriptor is halved",
        "pair",
        replace(r"4611686293305360384", str(0x4000002000000000 | 4611686293305360384 & 0xFFFFFFFF)),
        "bits",
    ),
    mutation(
        "a descriptor says another swizzle",
        "pair",
        replace(r"4611686293305360384", str(4611686293305360384 ^ 0xC000000000000000)),
        "bits",
    ),
    mutation(
        "one warp's lanes part before wgmma",
        "ahead",
        replace(r"^wgmma\.mma_async", SOME_LANES + "wgmma.mma_async"),
        "partial-mask",
    ),
    mutation("sums start at nothing", "pair", drop(r"mov\.f32\s+%f\d+, 0f00000000"), "uninitialised"),
    mutation(
        "consumers start a tile with another number of threads",
        "pair",
        replace(r"(mov\.u32\s+%r\d+, )256;", r"\g<1>288;", -1),
        "deadlock",
    ),
    mutation(
        "a shuffle names one lane",
        "pair",
        replace(r"(shfl\.sync\.idx\.b32[^;]*), %r\d+;", r"\1, 1;", 0),
        "partial-mask",
    ),
)

EPILOGUE = (
    mutation("no proxy fence before the bulk store", "pair", drop(r"fence\.proxy\.async"), "proxy-fence"),
    mutation("no proxy fence, bf16", "bf16", drop(r"fence\.proxy\.async", 0), "proxy-fence"),
    mutation("no barrier before D is written to shared memory", "pair", drop(r"bar\.sync", -2), "race"),
    mutation("no barrier after D is written to shared memory", "pair", drop(r"bar\.sync", -1), "race"),
    mutation(
        "a buffer is written while its store reads it", "pair", drop(r"cp\.async\.bulk\.wait_group\.read", 0), "race"
    ),
    mutation("a store is not committed", "pair", drop(r"cp\.async\.bulk\.commit_group"), "race", "exit"),
    mutation("the last stores are not waited for", "pair", drop(r"cp\.async\.bulk\.wait_group\.read", -1), "exit"),
    mutation("lanes do not meet before a bulk store", "bf16", drop(r"bar\.warp\.sync"), "race"),
    mutation("matrices are stored transposed", "pair", replace(r"m8n8\.x4\.shared", "m8n8.x4.trans.shared"), "bits"),
    mutation("a subtile of D leaves before it is written", "units", drop_wait(1), "race", "uninitialised"),
    mutation("a subtile of D leaves without a proxy fence", "units", drop(r"fence\.proxy\.async"), "proxy-fence"),
    mutation("a subtile is offered while it is read", "units", drop(r"cp\.async\.bulk\.wait_group\.read", 0), "race"),
    mutation("C is added before it is there", "units", drop_wait(-8), "race", "uninitialised"),
)

CONVERSIONS = (
    mutation(
        "the maximum is shared before it is begun", "cast", drop(r"bar\.sync", (0, 2, 4, 6)), "race", "uninitialised"
    ),
    mutation("the maximum is read before all have added", "cast", drop(r"bar\.sync", (1, 3, 5, 7)), "race"),
    mutation("the maximum is not begun", "cast", drop(r"st\.shared"), "uninitialised"),
    mutation("the tile is read before it is written", "transpose", drop(r"bar\.sync"), "race"),
    mutation(
        "a store 64 MiB away",
        "transpose",
        replace(r"(st\.global\.f32\s+\[%rd\d+)\+?(\d*)\]", r"\1+67108864]", 0),
        "bounds",
    ),
    mutation(
        "every second block writes the first one's part",
        "transpose",
        replace(r"%ctaid\.x;", "%ctaid.y;", 0),
        "race",
        "bits",
    ),
)

# Waits in the order of the text: for the first stage and for later ones, of one warpgroup (which 129 rows take) and of
# two; then those of the producer.
HC_PRENORM = (
    mutation("the first stage is read before it is there", "prenorm", drop_wait(0), "race", "uninitialised"),
    mutation("later stages are read before they are there", "prenorm", drop_wait(1), "race", "uninitialised"),
    mutation("a stage of A and B is filled before it is free", "prenorm", drop_wait(slice(4, None)), "race"),
    mutation(
        "fragments change while wgmma reads them", "prenorm", drop(r"wgmma\.wait_group\.sync\.aligned 1"), "wgmma"
    ),
    mutation("fragments are not fenced", "prenorm", drop(r"wgmma\.fence"), "wgmma"),
)

MUTATIONS = START_AND_END + PRODUCER + CONSUMER + EPILOGUE + CONVERSIONS + HC_PRENORM
