"""Every refusal of the grouped and transposed calls: its class, and that its sentence says what came and is allowed."""

import aotgemm
import numpy as np
import pytest
from aotgemm import _core
from error_tables import assert_raises_as_told
from grouped_problems import POISON, make_batch, make_grouped
from problems import BF16, FP8, CudaLike, Device, make_problem

M, G, N, K = 256, 2, 24, 144
GROUPED, BATCH = make_grouped((130, 0), N, K), make_batch((3, 7), 7, N, K)
FP8_NAME, BF16_NAME = "float8_e4m3fn", "bfloat16"


def zeros(shape, dtype=np.float32):
    return np.zeros(shape, dtype)


def index_with(**changed):
    """A good per-row index with some rows replaced, as row_5=1."""
    index = np.where(np.arange(M) < 130, 0, -1).astype(np.int32)
    for row, group in changed.items():
        index[int(row.removeprefix("row_"))] = group
    return index


def contiguous(psum=False, **changed):
    problem = make_grouped((130, 0), N, K)
    given = {"a": problem.a, "sfa": problem.sfa, "b": problem.b, "sfb": problem.sfb, "d": problem.empty_output()}
    given |= {"grouped_layout": problem.ends if psum else problem.index, "options": {}} | changed
    pairs = (given["a"], given["sfa"]), (given["b"], given["sfb"])
    options = {"use_psum_layout": psum} | given["options"]
    aotgemm.m_grouped_fp8_gemm_nt_contiguous(*pairs, given["d"], given["grouped_layout"], **options)


def masked(**changed):
    given = {"a": BATCH.a, "sfa": BATCH.sfa, "b": BATCH.b, "sfb": BATCH.sfb, "d": BATCH.empty_output()}
    given |= {"masked_m": BATCH.counts, "expected_m": 4, "options": {}} | changed
    pairs = (given["a"], given["sfa"]), (given["b"], given["sfb"])
    index = given["masked_m"], given["expected_m"]
    aotgemm.m_grouped_fp8_gemm_nt_masked(*pairs, given["d"], *index, **given["options"])


def cuda_masked(**changed):
    """The binding's call on operands that claim to be on a GPU; only for what is refused before a launch."""
    operands = {
        "a": CudaLike((G, 7, K), (7 * K, K, 1), FP8_NAME),
        "sfa": CudaLike((G, 7, 2), (16, 1, 8), "float32"),
        "b": CudaLike((G, N, K), (N * K, K, 1), FP8_NAME),
        "sfb": CudaLike((G, 1, 2), (2, 2, 1), "float32"),
        "d": CudaLike((G, 7, N), (7 * N, N, 1), BF16_NAME),
        "index": CudaLike((G,), (1,), "int32"),
    } | changed
    _core.gemm("fp8_gemm_1d2d", "masked", "nt", **operands, c=None, stream=0)


def integers(*values):
    return np.array(values, np.int32)


SHAPE, DTYPE, LAYOUT, DEVICE = aotgemm.ShapeError, aotgemm.DtypeError, aotgemm.LayoutError, aotgemm.DeviceError

CASES = {
    # The index
    "index in int64": (
        lambda: contiguous(grouped_layout=zeros(M, np.int64)),
        DTYPE,
        "grouped_layout: dtype is",
        "grouped_layout is int64",
        "int32",
    ),
    "index of two dimensions": (
        lambda: contiguous(grouped_layout=zeros((M, 1), np.int32)),
        SHAPE,
        "grouped_layout: has 2 dimensions",
        "allowed is 1",
    ),
    "index too short": (
        lambda: contiguous(grouped_layout=index_with()[:-1]),
        SHAPE,
        "grouped_layout: shape is [255]",
        "must be 256 (M of a)",
    ),
    "index of rows as psum": (
        lambda: contiguous(psum=True, grouped_layout=index_with()),
        SHAPE,
        "grouped_layout: shape is [256]",
        "must be 2 (groups of b)",
    ),
    "index strided": (
        lambda: contiguous(grouped_layout=np.repeat(index_with(), 2)[::2]),
        LAYOUT,
        "grouped_layout: stride is 2",
        "must be 1",
    ),
    "group too large": (
        lambda: contiguous(grouped_layout=index_with(row_5=2)),
        SHAPE,
        "grouped_layout: row 5 has group 2",
        "-1 (not computed) to 1",
    ),
    "group under -1": (
        lambda: contiguous(grouped_layout=index_with(row_200=-2)),
        SHAPE,
        "grouped_layout: row 200 has group -2",
    ),
    "two groups in a block": (
        lambda: contiguous(grouped_layout=index_with(row_129=1)),
        SHAPE,
        "row 129 has group 1 and row 128 has 0",
        "multiple of 128",
    ),
    "two groups in a block, apart": (
        lambda: contiguous(grouped_layout=index_with(row_255=1)),
        SHAPE,
        "row 255 has group 1 and row 129 has 0",
        "multiple of 128",
    ),
    "a group ends before it starts": (
        lambda: contiguous(psum=True, grouped_layout=integers(130, 130)),
        SHAPE,
        "grouped_layout: group 1 ends at row 130",
        "allowed is 256",
        "aligned to 128",
    ),
    "a group ends beyond the rows": (
        lambda: contiguous(psum=True, grouped_layout=integers(257, 384)),
        SHAPE,
        "group 0 ends at row 257",
        "to 256 (M of a)",
    ),
    "mask in int64": (lambda: masked(masked_m=zeros(G, np.int64)), DTYPE, "masked_m: ", "int64", "int32"),
    "mask too long": (lambda: masked(masked_m=integers(1, 1, 1)), SHAPE, "masked_m: shape is [3]", "must be 2"),
    "mask negative": (lambda: masked(masked_m=integers(-1, 0)), SHAPE, "masked_m: group 0 has -1 rows", "0 to 7"),
    "mask too large": (lambda: masked(masked_m=integers(0, 8)), SHAPE, "masked_m: group 1 has 8 rows", "0 to 7"),
    "mask is no tensor": (lambda: masked(masked_m=None), DTYPE, "masked_m: is a NoneType"),
    # Hints and options
    "expected_m = 0": (lambda: masked(expected_m=0), SHAPE, "expected_m: is 0", "positive number"),
    "expected_m is a float": (lambda: masked(expected_m=4.0), DTYPE, "expected_m: is a float", "an int"),
    "a hint without psum": (
        lambda: contiguous(options={"expected_m_for_psum_layout": 4}),
        SHAPE,
        "expected_m_for_psum_layout: is 4",
        "None without use_psum_layout",
    ),
    "a hint of 0": (
        lambda: contiguous(psum=True, options={"expected_m_for_psum_layout": 0}),
        SHAPE,
        "expected_m_for_psum_layout: is 0",
    ),
    "recipe": (lambda: masked(options={"recipe": (1, 1, 128)}), SHAPE, "recipe: is (1, 1, 128)", "(1, 128, 128)"),
    "recipe_a": (lambda: contiguous(options={"recipe_a": (1, 32)}), SHAPE, "recipe_a: is (1, 32)", "(1, 128)"),
    "a is no pair": (
        lambda: aotgemm.m_grouped_fp8_gemm_nt_masked(1, 2, zeros((G, M, N), BF16), 4, 5),
        *(DTYPE, "a: is a int", "pair"),
    ),
    # Operands
    "a in bfloat16": (lambda: contiguous(a=zeros((M, K), BF16)), DTYPE, "a: dtype is bfloat16", FP8_NAME),
    "d in float32": (lambda: masked(d=zeros((G, 7, N))), DTYPE, "d: dtype is float32", BF16_NAME),
    "a without groups": (lambda: masked(a=BATCH.a[0]), SHAPE, "a: has 2 dimensions", "allowed is 3"),
    "a with groups": (lambda: contiguous(a=BATCH.a), SHAPE, "a: has 3 dimensions", "allowed is 2"),
    "b without groups": (lambda: contiguous(b=GROUPED.b[0]), SHAPE, "b: has 2 dimensions", "allowed is 3"),
    "groups of a": (
        lambda: masked(a=BATCH.a[:1]),
        SHAPE,
        "a: shape is [1, 7, 144]",
        "size 0 must be 2 (groups of b)",
    ),
    "groups of sfb": (lambda: contiguous(sfb=GROUPED.sfb[:1]), SHAPE, "sfb: shape is [1, 1, 2]", "must be 2"),
    "K of b": (lambda: contiguous(b=GROUPED.b[..., :128]), SHAPE, "b: shape is [2, 24, 128]", "must be 144 (K of a)"),
    "rows of sfa": (lambda: masked(sfa=BATCH.sfa[:, :6]), SHAPE, "sfa: shape is [2, 6, 2]", "must be 7 (M of a)"),
    "columns of sfa": (lambda: masked(sfa=BATCH.sfa[..., :1]), SHAPE, "sfa: shape is [2, 7, 1]", "must be 2"),
    "rows of sfb": (lambda: masked(sfb=zeros((G, 2, 2))), SHAPE, "sfb: shape is [2, 2, 2]", "must be 1"),
    "columns of sfb": (lambda: masked(sfb=zeros((G, 1, 3))), SHAPE, "sfb: shape is [2, 1, 3]", "must be 2"),
    "rows of d": (lambda: contiguous(d=zeros((M + 1, N), BF16)), SHAPE, "d: shape is [257, 24]", "must be 256"),
    "columns of d": (lambda: masked(d=zeros((G, 7, 16), BF16)), SHAPE, "d: shape is [2, 7, 16]", "must be 24"),
    "N = 20": (
        lambda: masked(b=BATCH.b[:, :20], d=zeros((G, 7, 20), BF16)),
        SHAPE,
        "b: N is 20",
        "multiple of 8",
        "24",
    ),
    "K = 136": (lambda: masked(a=BATCH.a[..., :136], b=BATCH.b[..., :136]), SHAPE, "a: K is 136", "16", "144"),
    "columns of a apart": (
        lambda: contiguous(a=np.asfortranarray(GROUPED.a)),
        LAYOUT,
        "a: stride of dimension 1 is 256",
        "must be 1",
    ),
    "columns of b apart": (
        lambda: masked(b=np.asfortranarray(BATCH.b)),
        LAYOUT,
        "b: stride of dimension 2 is 48",
        "must be 1",
    ),
    "d read-only": (
        lambda: masked(d=np.frombuffer(bytes(G * 7 * N * 2), BF16).reshape(G, 7, N)),
        LAYOUT,
        "d: is read-only",
    ),
    # On a GPU
    "rows of a on CUDA": (
        lambda: cuda_masked(a=CudaLike((G, 7, K), (7 * 152, 152, 1), FP8_NAME)),
        LAYOUT,
        "a: stride of dimension 1 is 152",
        "multiple of 16",
        "160",
    ),
    "groups of b on CUDA": (
        lambda: cuda_masked(b=CudaLike((G, N, K), (N * K + 8, K, 1), FP8_NAME)),
        LAYOUT,
        f"b: stride of dimension 0 is {N * K + 8}",
        "multiple of 16",
    ),
    "address of d on CUDA": (
        lambda: cuda_masked(d=CudaLike((G, 7, N), (7 * N, N, 1), BF16_NAME, address=264)),
        LAYOUT,
        "d: data starts 8 bytes past",
    ),
    "groups of d share memory on CUDA": (
        lambda: cuda_masked(d=CudaLike((G, 7, N), (0, N, 1), BF16_NAME)),
        LAYOUT,
        "d: strides are (0, 24, 1)",
        "apart",
    ),
    "address of the mask on CUDA": (
        lambda: cuda_masked(index=CudaLike((G,), (1,), "int32", address=258)),
        LAYOUT,
        "masked_m: data starts 2 bytes past a multiple of 4",
    ),
    "mask on the CPU": (
        lambda: cuda_masked(index=integers(1, 1)),
        DEVICE,
        "masked_m: is on the CPU",
        "a is on CUDA device 0",
    ),
    "b on another GPU": (
        lambda: cuda_masked(b=CudaLike((G, N, K), (N * K, K, 1), FP8_NAME, Device("cuda", 1))),
        DEVICE,
        "b: is on CUDA device 1",
        "device 0",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_error(name):
    assert_raises_as_told(CASES[name])


@pytest.mark.parametrize(
    "sfa",
    [
        CudaLike((G, 7, 2), (14, 2, 1), "float32"),
        CudaLike((G, 7, 2), (12, 1, 6), "float32"),
        CudaLike((G, 7, 2), (18, 1, 8), "float32"),
        CudaLike((G, 7, 2), (16, 1, 8), "float32", address=260),
    ],
    ids=["row-major", "columns", "groups", "address"],
)
def test_scales_to_be_copied_on_a_stream_that_no_memory_is_ordered_by_are_refused(sfa):
    with pytest.raises(aotgemm.LayoutError, match="^sfa: strides.*get_mn_major_tma_aligned_tensor makes such a copy"):
        cuda_masked(sfa=sfa)


def test_nothing_is_written_when_an_index_is_refused():
    d = np.full((M, N), POISON, np.uint16)
    with pytest.raises(aotgemm.ShapeError):
        contiguous(d=d.view(BF16), grouped_layout=index_with(row_255=1))
    assert (d == POISON).all()


def transposed(name):
    """A call of fp8_gemm_<name> on good operands."""
    problem = make_problem(5, 72, 144)
    a = (problem.a.T, problem.sfa.T) if name[0] == "t" else (problem.a, problem.sfa)
    b = (problem.b.T, problem.sfb.T) if name[1] == "n" else (problem.b, problem.sfb)
    return problem, getattr(aotgemm, f"fp8_gemm_{name}"), a, b


@pytest.mark.parametrize("name", ["nn", "tn", "tt"])
def test_transposed_operands_give_the_same_bits(name):
    problem, call, a, b = transposed(name)
    d = problem.empty_output()
    call(a, b, d)
    np.testing.assert_array_equal(d.view(np.uint16), problem.expected())


@pytest.mark.parametrize("name, operand", [("nn", "b"), ("tn", "a"), ("tn", "b"), ("tt", "a")])
def test_operands_that_are_not_k_major_say_how_to_copy_them(name, operand):
    problem, call, a, b = transposed(name)
    given = {"a": a, "b": b}
    given[operand] = (np.ascontiguousarray(given[operand][0]), given[operand][1])
    copy = rf"^{operand}: elements along K.*; (numpy.ascontiguousarray\({operand}.*) makes such a copy$"
    with pytest.raises(aotgemm.LayoutError, match=copy) as caught:
        call(given["a"], given["b"], problem.empty_output())
    advice = str(caught.value).split("; ")[1].removesuffix(" makes such a copy")
    given[operand] = (eval(advice, {"numpy": np, operand: given[operand][0]}), given[operand][1])
    d = problem.empty_output()
    call(given["a"], given["b"], d)
    np.testing.assert_array_equal(d.view(np.uint16), problem.expected())


def test_grouped_weights_that_are_not_k_major():
    pair = (np.ascontiguousarray(GROUPED.b.swapaxes(1, 2)), GROUPED.sfb.swapaxes(1, 2))
    with pytest.raises(aotgemm.LayoutError, match="^b: elements along K are not adjacent.*makes such a copy"):
        aotgemm.m_grouped_fp8_gemm_nn_contiguous((GROUPED.a, GROUPED.sfa), pair, GROUPED.empty_output(), GROUPED.index)


@pytest.mark.parametrize("name, operand", [("a", 0), ("b", 1)])
def test_dense_operands_with_columns_apart_are_refused_on_the_cpu(name, operand):
    problem = make_problem(5, 72, 144)
    pairs = [(problem.a, problem.sfa), (problem.b, problem.sfb)]
    pairs[operand] = (np.asfortranarray(pairs[operand][0]), pairs[operand][1])
    with pytest.raises(aotgemm.LayoutError, match=f"^{name}: stride of dimension 1 is .*must be 1"):
        aotgemm.fp8_gemm_nt(*pairs, problem.empty_output())


def test_a_transposed_operand_with_the_wrong_rank():
    problem, call, a, b = transposed("nn")
    with pytest.raises(aotgemm.ShapeError, match="^b: has 3 dimensions, allowed is 2"):
        call(a, (np.zeros((1, 1, 1), FP8), b[1]), problem.empty_output())
