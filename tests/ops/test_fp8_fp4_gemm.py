"""The FP8 and FP4 calls of sm_100a on the CPU backend, against the definition in NumPy."""

import itertools
from collections.abc import Iterator

import aotgemm
import ml_dtypes
import numpy as np
import pytest
from aotgemm import _core
from fp8_fp4_problems import FP8, Operand, aligned, defined, draw, mn_major, poisoned, same_bits

BF16 = ml_dtypes.bfloat16
SHAPES = [(1, 8, 128), (67, 72, 384), (130, 200, 640)]


@pytest.fixture(autouse=True)
def on_blackwell() -> Iterator[None]:
    aotgemm.set_cpu_arch("sm_100a")
    yield
    aotgemm.set_cpu_arch("sm_90a")


@pytest.mark.parametrize(("m", "n", "k"), SHAPES)
@pytest.mark.parametrize("types", list(itertools.product([False, True], repeat=2)))
@pytest.mark.parametrize("grans", [(128, 128), (32, 32), (128, 32), (32, 128)])
def test_dense_in_every_mix(m: int, n: int, k: int, types: tuple[bool, bool], grans: tuple[int, int]) -> None:
    rng = np.random.default_rng(m)
    a, b = draw(rng, (m, k), types[0], grans[0]), draw(rng, (n, k), types[1], grans[1])
    d = poisoned((m, n), BF16)
    aotgemm.fp8_fp4_gemm_nt(a.pair, b.pair, d, recipe_a=(1, grans[0]), recipe_b=(1, grans[1]))
    assert same_bits(d, defined(a, b))


@pytest.mark.parametrize("k", [16, 48, 112, 144, 400])
def test_tails_of_k(k: int) -> None:
    rng = np.random.default_rng(k)
    a, b = draw(rng, (9, k), False, 32), draw(rng, (16, k), False, 128)
    d = poisoned((9, 16), np.float32)
    aotgemm.fp8_gemm_nt(a.pair, b.pair, d, recipe_a=(1, 32), recipe_b=(1, 128))
    assert same_bits(d, defined(a, b))


@pytest.mark.parametrize("dtype", [BF16, np.float32])
@pytest.mark.parametrize("in_place", [False, True])
def test_c_is_added_with_one_rounding(dtype: type, in_place: bool) -> None:
    rng = np.random.default_rng(1)
    a, b = draw(rng, (33, 256), False), draw(rng, (40, 256), True)
    c = (rng.standard_normal((33, 40)) * 1000).astype(dtype)
    d = c.copy() if in_place else poisoned(c.shape, dtype)
    expected = c.astype(np.float32) + defined(a, b)
    aotgemm.fp8_gemm_nt(a.pair, b.pair, d, d if in_place else c)
    assert same_bits(d, expected)


def transposed_pair(x: Operand, in_memory: bool) -> tuple[np.ndarray, np.ndarray]:
    """[K, rows] with either dimension adjacent, and scales [words, rows]."""
    codes = np.ascontiguousarray(x.codes.T) if in_memory else x.codes.T
    return codes, mn_major(x.words).T


@pytest.mark.parametrize("layout", ["nn", "tn", "tt"])
@pytest.mark.parametrize("in_memory", [True, False])
def test_layouts(layout: str, in_memory: bool) -> None:
    rng = np.random.default_rng(2)
    a, b = draw(rng, (48, 160), False), draw(rng, (80, 160), False)
    d = poisoned((48, 80), BF16)
    pair_a = transposed_pair(a, in_memory) if layout[0] == "t" else a.pair
    pair_b = transposed_pair(b, in_memory) if layout[1] == "n" else b.pair
    getattr(aotgemm, f"fp8_gemm_{layout}")(pair_a, pair_b, d)
    assert same_bits(d, defined(a, b))


def along_rows(x: Operand) -> np.ndarray:
    """FP4 codes as [K, rows / 2], two rows to a byte."""
    return aligned(aotgemm.transpose_packed_fp4(x.codes))


def fp4_pair(x: Operand, by_rows: bool, transposed: bool) -> tuple[np.ndarray, np.ndarray]:
    """[rows, K] or, transposed, [K, rows], in FP4 with rows or with K adjacent."""
    codes, words = along_rows(x).T if by_rows else x.codes, mn_major(x.words)
    return (codes.T, words.T) if transposed else (codes, words)


@pytest.mark.parametrize("layout", ["nt", "nn", "tn", "tt"])
@pytest.mark.parametrize("by_rows", list(itertools.product([False, True], repeat=2)))
def test_fp4_lies_along_either_dimension_in_every_layout(layout: str, by_rows: tuple[bool, bool]) -> None:
    rng = np.random.default_rng(3)
    a, b = draw(rng, (256, 384), True), draw(rng, (128, 384), True, 32)
    pair_a, pair_b = fp4_pair(a, by_rows[0], layout[0] == "t"), fp4_pair(b, by_rows[1], layout[1] == "n")
    d = poisoned((256, 128), BF16)
    getattr(aotgemm, f"fp8_fp4_gemm_{layout}")(pair_a, pair_b, d, recipe_a=(1, 128), recipe_b=(1, 32))
    assert same_bits(d, defined(a, b))


def test_fp4_along_n_has_any_k_and_fp32_scales() -> None:
    rng = np.random.default_rng(31)
    a, b = draw(rng, (20, 176), False), draw(rng, (128, 176), False, 32)
    codes = aligned(rng.integers(0, 256, (176, 64), np.uint8).view(np.int8))
    halves = codes.view(np.uint8)
    unpacked = np.stack([halves & 0xF, halves >> 4], -1).reshape(176, 128).T
    along_k = np.ascontiguousarray(unpacked[:, 0::2] | unpacked[:, 1::2] << 4).view(np.int8)
    powers = np.exp2(rng.integers(-6, 6, (128, 6))).astype(np.float32)
    exponents = np.zeros((128, 8), np.uint8)
    exponents[:, :6] = powers.view(np.uint32) >> 23
    d = poisoned((20, 128), BF16)
    aotgemm.fp8_fp4_gemm_nn(a.pair, (codes, powers.T), d, recipe_a=(1, 128), recipe_b=(1, 32))
    assert same_bits(d, defined(a, Operand(along_k, exponents.view(np.int32), b.gran_k)))


@pytest.mark.parametrize("use_psum", [False, True])
def test_groups_of_fp4_along_n(use_psum: bool) -> None:
    rng = np.random.default_rng(32)
    a, b = draw(rng, (256, 256), False), draw(rng, (2, 128, 256), True, 32)
    codes = np.stack([along_rows(b[group]) for group in range(2)])
    index = np.array([128, 200], np.int32) if use_psum else np.repeat(np.arange(2, dtype=np.int32), 128)
    d = poisoned((256, 128), BF16)
    aotgemm.m_grouped_fp8_fp4_gemm_nn_contiguous(
        *(a.pair, (aligned(codes), mn_major(b.words).swapaxes(1, 2)), d, index),
        **{"recipe_a": (1, 128), "recipe_b": (1, 32), "use_psum_layout": use_psum},
    )
    for group, rows in enumerate((slice(0, 128), slice(128, 200 if use_psum else 256))):
        assert same_bits(d[rows], defined(a[rows], b[group]))


def test_fp4_along_n_is_refused_where_the_tma_cannot_read_it() -> None:
    rng = np.random.default_rng(33)
    a, b = draw(rng, (48, 256), False), draw(rng, (192, 256), True, 32)
    recipes = {"recipe_a": (1, 128), "recipe_b": (1, 32)}
    d = poisoned((48, 192), BF16)
    with pytest.raises(aotgemm.ShapeError, match="^b: N is 192, must be a multiple of 128; the nearest is 256"):
        aotgemm.fp8_fp4_gemm_nn(a.pair, fp4_pair(b, True, True), d, **recipes)
    with pytest.raises(aotgemm.ShapeError, match="^a: M is 192, must be a multiple of 128"):
        aotgemm.fp8_fp4_gemm_nt(fp4_pair(b, True, False), a.pair, d.T.copy(), recipe_a=(1, 32), recipe_b=(1, 128))
    codes, words = fp4_pair(b[:128], True, True)
    d = poisoned((48, 128), BF16)
    wide = np.zeros((256, 80), np.int8)[:, :64]
    with pytest.raises(aotgemm.LayoutError, match="^b: stride of dimension . is 80 bytes, must be a multiple of 32"):
        aotgemm.fp8_fp4_gemm_nn(a.pair, (wide, words), d, **recipes)
    with pytest.raises(aotgemm.LayoutError, match=r"^b: strides are \(256, 2\), one of the last two must be 1 for FP4"):
        aotgemm.fp8_fp4_gemm_nt(a.pair, (np.zeros((128, 256), np.int8)[:, ::2], words.T), d, **recipes)
    grouped = codes.T[None], words.T[None]
    with pytest.raises(
        aotgemm.LayoutError, match="^b: elements along K are not adjacent.*masked; transpose_packed_fp4"
    ):
        aotgemm.m_grouped_fp8_fp4_gemm_nt_masked(
            *((a.codes[None], mn_major(a.words)[None]), grouped, d[None], np.array([48], np.int32), 48), **recipes
        )


def test_fp32_scales_are_packed_as_the_recipes_say() -> None:
    rng = np.random.default_rng(4)
    m, n, k = 40, 264, 512
    codes_a, codes_b = draw(rng, (m, k), False), draw(rng, (n, k), False)
    sfa, sfb = (np.exp2(rng.integers(-6, 6, (rows, 4))).astype(np.float32) for rows in (m, 3))
    words = [np.ascontiguousarray((sf.view(np.uint32) >> 23).astype(np.uint8)).view(np.int32) for sf in (sfa, sfb)]
    a = Operand(codes_a.codes, words[0], 128)
    b = Operand(codes_b.codes, words[1][np.arange(n) // 128], 128)
    for recipe in (None, (1, 128, 128)):
        d = poisoned((m, n), BF16)
        aotgemm.fp8_gemm_nt((a.codes, sfa), (b.codes, sfb), d, recipe=recipe)
        assert same_bits(d, defined(a, b))
    d = poisoned((m, n), BF16)
    aotgemm.fp8_gemm_nt((a.codes, sfa), (b.codes, sfb[np.arange(n) // 128]), d, recipe=(1, 1, 128))
    assert same_bits(d, defined(a, b))
    aotgemm.fp8_gemm_nt(a.pair, (b.codes, sfb), d, recipe_a=(1, 128), recipe_b=(128, 128))
    assert same_bits(d, defined(a, b))


def test_heads() -> None:
    rng = np.random.default_rng(5)
    a, b = draw(rng, (20, 128), False), draw(rng, (96, 128), False)
    d = poisoned((20, 144), BF16)
    aotgemm.fp8_gemm_nt_skip_head_mid(a.pair, b.pair, d, (16, 16, 16))
    columns = np.arange(144) % 48
    written = (columns < 16) | (columns >= 32)
    assert same_bits(d[:, written], defined(a, b))
    assert np.isnan(d[:, ~written].astype(np.float32)).all()


@pytest.mark.parametrize("layout", ["nt", "nn"])
@pytest.mark.parametrize("fp4", [False, True])
def test_contiguous(layout: str, fp4: bool) -> None:
    rng = np.random.default_rng(6)
    rows = np.repeat([0, -1, 2, 1], [128, 128, 64, 1])
    rows = np.concatenate([rows[:320], np.full(64, -1), rows[320:]])
    a, b = draw(rng, (len(rows), 256), False), draw(rng, (3, 72, 256), fp4, 32)
    d = poisoned((len(rows), 72), BF16)
    codes, words = b.pair
    pair_b = (codes, words) if layout == "nt" else (codes.swapaxes(1, 2), words.swapaxes(1, 2))
    function = getattr(aotgemm, f"m_grouped_fp8_fp4_gemm_{layout}_contiguous")
    function(a.pair, pair_b, d, rows.astype(np.int32), recipe_a=(1, 128), recipe_b=(1, 32))
    for group in range(3):
        assert same_bits(d[rows == group], defined(a[rows == group], b[group]))
    assert (d[320:384] == 0).all() and np.isnan(d[128:256].astype(np.float32)).all()


def test_psum_with_fp32_scales_whose_padding_is_garbage() -> None:
    rng = np.random.default_rng(7)
    ends = np.array([5, 128, 300], np.int32)
    starts = [0, 128, 128]
    a, b = draw(rng, (384, 128), False), draw(rng, (3, 64, 128), False)
    sfa = np.full((384, 1), np.nan, np.float32)
    live = np.zeros(384, bool)
    for start, end in zip(starts, ends, strict=True):
        live[start:end] = True
    sfa[live] = np.exp2(rng.integers(-3, 3, (int(live.sum()), 1)))
    words = np.zeros((384, 1), np.int32)
    words[live] = sfa[live].view(np.uint32) >> 23
    a = Operand(a.codes, words, 128)
    d = poisoned((384, 64), BF16)
    aotgemm.m_grouped_fp8_gemm_nt_contiguous(
        (a.codes, sfa), b.pair, d, ends, recipe_a=(1, 128), recipe_b=(1, 128), use_psum_layout=True
    )
    for group, (start, end) in enumerate(zip(starts, ends, strict=True)):
        assert same_bits(d[start:end], defined(a[start:end], b[group]))
    assert (d[5:128] == 0).all() and (d[300:] == 0).all()


def test_masked() -> None:
    rng = np.random.default_rng(8)
    counts = np.array([3, 0, 17], np.int32)
    a, b = draw(rng, (3, 20, 128), False), draw(rng, (3, 40, 128), True, 32)
    d = poisoned((3, 20, 40), BF16)
    recipes = {"recipe_a": (1, 128), "recipe_b": (1, 32)}
    aotgemm.m_grouped_fp8_fp4_gemm_nt_masked(a.pair, b.pair, d, counts, 8, **recipes)
    for group, count in enumerate(counts):
        assert same_bits(d[group, :count], defined(a[group, :count], b[group]))
        assert np.isnan(d[group, count:].astype(np.float32)).all()


@pytest.mark.parametrize("gran_k", [32, 128])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("with_c", [False, True])
def test_k_grouped(gran_k: int, packed: bool, with_c: bool) -> None:
    rng = np.random.default_rng(gran_k)
    ks, m, n = [160, 0, 32, 512], 48, 80
    a, b = draw(rng, (m, sum(ks)), False), draw(rng, (n, sum(ks)), False)
    counts = [-(-k // gran_k) for k in ks]
    scales = [np.exp2(rng.integers(-5, 5, (sum(counts), rows))).astype(np.float32) for rows in (m, n)]
    c = rng.standard_normal((4, m, n)).astype(np.float32) if with_c else None
    d, index = poisoned((4, m, n), np.float32), np.array(ks, np.int32)
    pack = aotgemm.get_k_grouped_mn_major_tma_aligned_packed_ue8m0_tensor
    given = [pack(sf, index, ks, gran_k, 32) for sf in scales] if packed else scales
    pair_a, pair_b = ((np.ascontiguousarray(x.codes.T), sf) for x, sf in zip((a, b), given, strict=True))
    aotgemm.k_grouped_fp8_gemm_tn_contiguous(pair_a, pair_b, d, ks, index, c, (1, 1, gran_k))
    for group, (k, count) in enumerate(zip(ks, counts, strict=True)):
        columns = slice(sum(ks[:group]), sum(ks[: group + 1]))
        rows = slice(sum(counts[:group]), sum(counts[: group + 1]))
        parts = []
        for x, sf in zip((a, b), scales, strict=True):
            exponents = np.zeros((sf.shape[1], -(-count // 4) * 4), np.uint8)
            exponents[:, :count] = (sf[rows].view(np.uint32) >> 23).T
            parts.append(Operand(np.ascontiguousarray(x.codes[:, columns]), exponents.view(np.int32), gran_k))
        product = defined(*parts) if k else np.zeros((m, n), np.float32)
        assert same_bits(d[group], product if c is None else c[group] + product)


@pytest.mark.parametrize("expr", ["bhr,hdr->bhd", "bhd,hdr->bhr", "bhd,bhr->hdr"])
@pytest.mark.parametrize("dtype", [BF16, np.float32])
@pytest.mark.parametrize("with_c", [False, True], ids=["product", "with C"])
def test_einsum(expr: str, dtype: type, with_c: bool) -> None:
    """H is the batch; operands are given with dimensions in the order of the expression, D in the place of C."""
    rng = np.random.default_rng(9)
    sizes = {"b": 48, "h": 3, "d": 160, "r": 64}
    left, right, out = expr.replace(",", "->").split("->")
    (k,) = (set(left) & set(right)) - {"h"}
    (m,), (n,) = set(left) - {"h", k}, set(right) - {"h", k}
    a, b = (draw(rng, (sizes["h"], sizes[rows], sizes[k]), False) for rows in (m, n))
    given = []
    for x, letters, rows in ((a, left, m), (b, right, n)):
        order = [("h", rows, k).index(letter) for letter in letters]
        codes, words = x.pair
        given.append((codes.transpose(order), words.transpose(order)))
    d = poisoned(tuple(sizes[letter] for letter in out), dtype)
    d[...] = rng.standard_normal(d.shape) * with_c
    by_head = d.transpose([out.index(letter) for letter in ("h", m, n)])
    before = by_head.astype(np.float32)
    aotgemm.fp8_einsum(expr, *given, d, d if with_c else None, recipe=(1, 1, 128))
    for head in range(sizes["h"]):
        assert same_bits(by_head[head], before[head] + defined(a[head], b[head]))


def test_no_k_gives_zeros_or_c() -> None:
    rng = np.random.default_rng(10)
    a, b = draw(rng, (5, 0), False), draw(rng, (8, 0), False)
    d = poisoned((5, 8), np.float32)
    aotgemm.fp8_gemm_nt(a.pair, b.pair, d)
    assert (d == 0).all()


def test_special_values() -> None:
    rng = np.random.default_rng(11)
    a, b = draw(rng, (6, 64), False, 32), draw(rng, (16, 64), False, 32)
    a.codes.view(np.uint8)[1, 40] = 0x7F
    b.words.view(np.uint8)[3, 1] = 0xFF
    d = poisoned((6, 16), np.float32)
    d[:] = 1
    aotgemm.fp8_gemm_nt(a.pair, b.pair, d, recipe=(1, 1, 32))
    is_nan = (np.arange(6)[:, None] == 1) | (np.arange(16) == 3)
    assert (d.view(np.uint32)[is_nan] == 0x7FFFFFFF).all()
    assert np.isfinite(d[~is_nan]).all()


def changed(**changes: object) -> None:
    rng = np.random.default_rng(12)
    a, b = draw(rng, (16, 128), False), draw(rng, (16, 128), False)
    call = {"a": a.pair, "b": b.pair, "d": poisoned((16, 16), BF16)}
    aotgemm.fp8_gemm_nt(**(call | changes))


def row_major_scales() -> tuple[np.ndarray, np.ndarray]:
    x = draw(np.random.default_rng(13), (16, 1024), False)
    return x.codes[:, :128], x.words


def fp4_of(k: int) -> tuple[np.ndarray, np.ndarray]:
    return draw(np.random.default_rng(14), (16, k), True).pair


BYTES = np.zeros((16, 128), np.uint8), np.ones((16, 1), np.int32)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        (
            {"recipe": (1, 1, 64)},
            aotgemm.ShapeError,
            "recipe: a has a scale for 64 of K, allowed",
        ),
        ({"recipe_a": (1, 128)}, aotgemm.ShapeError, "recipe: recipe_a given, allowed are recipe, or"),
        ({"recipe": (1, 128)}, aotgemm.ShapeError, "recipe: is a tuple of length 2"),
        ({"recipe": (1, 128, 128)}, aotgemm.ShapeError, "recipe: b has a scale for 128 rows, allowed .* is 1"),
        (
            {"b": (np.zeros((16, 128), FP8), np.ones((1, 1), np.float32)), "disable_ue8m0_cast": True},
            aotgemm.DtypeError,
            "sfb: dtype is float32 with disable_ue8m0_cast.*get_mn_major_tma_aligned_packed_ue8m0_tensor",
        ),
        ({"a": BYTES}, aotgemm.DtypeError, "a: dtype is .*, allowed is float8_e4m3fn or int8"),
        ({"a": fp4_of(64)}, aotgemm.ShapeError, r"b: shape is \[16, 128\], size 1 must be 64"),
        ({"a": fp4_of(64), "b": fp4_of(64)}, aotgemm.ShapeError, "a: K is 64, must be a multiple of 128"),
    ],
)
def test_errors(changes: dict[str, object], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        changed(**changes)


def test_packed_scales_that_no_gpu_could_read() -> None:
    rng = np.random.default_rng(15)
    a, b = draw(rng, (16, 1024), False), draw(rng, (16, 1024), False)
    d = poisoned((16, 16), BF16)
    with pytest.raises(aotgemm.LayoutError, match="sfa: strides are .* get_mn_major_tma_aligned_packed_ue8m0_tensor"):
        aotgemm.fp8_gemm_nt((a.codes, a.words), b.pair, d)
    with pytest.raises(aotgemm.LayoutError, match="get_mn_major_tma_aligned_packed_ue8m0_tensor"):
        _core.gemm("fp8_fp4_gemm", "dense", "nt", a.codes, a.words, *b.pair, None, d, gran_k_a=128, gran_k_b=128)


def test_what_the_family_alone_takes_is_checked() -> None:
    rng = np.random.default_rng(16)
    a, b = draw(rng, (16, 128), False), draw(rng, (16, 128), False)
    d = poisoned((16, 16), BF16)
    with pytest.raises(aotgemm.ShapeError, match="gran_k_b: is 64, allowed is 32 or 128 for fp8_fp4_gemm"):
        _core.gemm("fp8_fp4_gemm", "dense", "nt", *a.pair, *b.pair, None, d, gran_k_a=128, gran_k_b=64)
    with pytest.raises(aotgemm.ShapeError, match="gran_k_a: is 32, allowed is 0 for bf16_gemm"):
        values = a.codes.astype(BF16)
        _core.gemm("bf16_gemm", "dense", "nt", values, None, values, None, None, d, gran_k_a=32)
    heads = {"gran_k_a": 128, "gran_k_b": 128, "head_splits": (8, 8, 8)}
    wide = poisoned((16, 24), BF16)
    with pytest.raises(aotgemm.LayoutError, match="c: is given, allowed is none for fp8_fp4_gemm"):
        _core.gemm("fp8_fp4_gemm", "dense", "nt", *a.pair, *b.pair, wide, wide, **heads)


def test_the_architecture_of_the_cpu_chooses_the_family() -> None:
    rng = np.random.default_rng(17)
    a, b = draw(rng, (16, 256), False), draw(rng, (16, 256), False)
    sfa, sfb = np.full((16, 2), 0.5, np.float32), np.full((1, 2), 2, np.float32)
    results = {}
    for arch, family in (("sm_90a", "fp8_gemm_1d2d"), ("sm_100a", "fp8_fp4_gemm")):
        aotgemm.set_cpu_arch(arch)
        assert aotgemm.get_cpu_arch() == arch
        results[arch] = poisoned((16, 16), BF16)
        with aotgemm.record() as recording:
            aotgemm.fp8_gemm_nt((a.codes, sfa), (b.codes, sfb), results[arch])
        assert [call["family"] for call in recording.calls] == [family]
    with pytest.raises(aotgemm.KernelMissingError, match="arch: is 'sm_80', allowed is sm_90a or sm_100a"):
        aotgemm.set_cpu_arch("sm_80")


def test_k_grouped_calls_name_each_other() -> None:
    d = np.zeros((1, 16, 16), np.float32)
    pair = (np.zeros(16 * 128, FP8), np.ones((16, 1), np.float32))
    index = np.array([128], np.int32)
    with pytest.raises(aotgemm.KernelMissingError, match="k_grouped_fp8_gemm_tn_contiguous"):
        aotgemm.k_grouped_fp8_gemm_nt_contiguous(pair, pair, d, [128], index)
    aotgemm.set_cpu_arch("sm_90a")
    with pytest.raises(aotgemm.KernelMissingError, match="k_grouped_fp8_gemm_nt_contiguous"):
        aotgemm.k_grouped_fp8_gemm_tn_contiguous(pair, pair, d, [128], index)
