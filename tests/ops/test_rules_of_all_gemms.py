"""Rules that hold for every family and grouping alike: K = 0, a D that overlaps itself, K per group, the plan."""

import aotgemm
import numpy as np
import pytest
from aotgemm import _core
from gemm_forms import FORMS, K_GROUPED, POISON, WITH_C, on_cuda
from plans import in_force, small_plan, write_plan

K = 128
ALL = pytest.mark.parametrize("form", FORMS, ids=str)


def overlapping(form):
    """A D whose rows (or groups, which the TMA could address) share memory, and that memory."""
    memory = np.full(int(np.prod(form.shape_of_d)), POISON, form.out)
    size, columns = memory.itemsize, form.shape_of_d[-1]
    strides = (8 * size, size) if len(form.shape_of_d) == 2 else (0, columns * size, size)
    return np.lib.stride_tricks.as_strided(memory, form.shape_of_d, strides), memory


def overlap_message(d):
    rows, groups = "stride of dimension 0 is 8, must be at least the row length", r"strides are \(0, .* apart"
    return f"^d: {rows if d.ndim == 2 else groups}"


@ALL
def test_ones_times_ones(form):
    given = form.operands(K)
    form.run(given)
    batches = 3 if form.grouping == "batch_reduced" else 1
    wanted = np.where(form.written, K * batches, form.others)
    if form.grouping == "k_grouped":
        wanted[1] = 0
    np.testing.assert_array_equal(given["d"].astype(np.float32), wanted)


@ALL
def test_k_of_0_gives_zeros_where_d_is_written(form):
    given = form.operands(0)
    form.run(given)
    np.testing.assert_array_equal(given["d"].astype(np.float32), np.where(form.written, 0, form.others))


@pytest.mark.parametrize("form", WITH_C, ids=str)
def test_k_of_0_gives_c(form):
    c = np.arange(np.prod(form.shape_of_d)).reshape(form.shape_of_d).astype(form.out)
    given = form.operands(0) | {"c": c}
    form.run(given)
    np.testing.assert_array_equal(given["d"], c)


@ALL
def test_a_d_that_overlaps_itself_is_refused_on_the_cpu(form):
    d, memory = overlapping(form)
    with pytest.raises(aotgemm.LayoutError, match=overlap_message(d)):
        form.run(form.operands(K) | {"d": d})
    assert (memory == POISON).all()


@ALL
def test_a_d_that_overlaps_itself_is_refused_on_a_gpu(form):
    d, _ = overlapping(form)
    with pytest.raises(aotgemm.LayoutError, match=overlap_message(d)):
        form.run(on_cuda(aligned_scales(form.operands(K) | {"d": d})), stream=0)


def aligned_scales(given):
    """The operands with scales as a GPU reads them."""
    scales = [name for name in ("sfa", "sfb") if given[name] is not None and given[name].dtype == np.float32]
    return given | {name: aotgemm.get_mn_major_tma_aligned_tensor(given[name]) for name in scales}


@ALL
@pytest.mark.parametrize("k", [0, K])
def test_a_strict_plan_without_the_call_refuses_it(form, k, tmp_path):
    given = form.operands(k)
    with in_force(write_plan(tmp_path, small_plan()), "strict"), pytest.raises(aotgemm.PlanError, match=form.family):
        form.run(given)
    assert (given["d"] == POISON).all()


@ALL
def test_k_of_0_is_known_to_a_plan_as_the_least_k_of_a_kernel(form):
    with aotgemm.record() as recording:
        form.run(form.operands(0))
    calls = [(call["k"], call["count"]) for call in recording.calls]
    assert calls == [(128 if form.is_fp8 else 1, 2 if form.is_flat else 1)]


@pytest.mark.parametrize("form", K_GROUPED, ids=str)
@pytest.mark.parametrize(
    "changed, kind, message",
    [
        ({"ks": [128.0, 0]}, aotgemm.DtypeError, "ks: holds a float, allowed are ints"),
        ({"ks": 128}, aotgemm.DtypeError, "ks: is a int, allowed is a sequence of ints"),
        ({"ks": None}, aotgemm.ShapeError, r"ks: has 0 elements, must have 2 \(groups of d\)"),
        ({"ks": [128]}, aotgemm.ShapeError, r"ks: has 1 elements, must have 2 \(groups of d\)"),
        ({"ks": [136, -8]}, aotgemm.ShapeError, "ks: group 0 has K = 136, .*multiple of (32|64|128) from 0"),
        ({"ks": [256, -128]}, aotgemm.ShapeError, "ks: group 1 has K = -128, .*the nearest is 0"),
        ({"index": np.array([0, 128], np.int32)}, aotgemm.ShapeError, "ks_tensor: is 0 for group 0, must be 128 as"),
        ({"index": np.array([128], np.int32)}, aotgemm.ShapeError, r"ks_tensor: shape is \[1\].*2 \(elements of ks\)"),
        ({"index": np.array([128, 0])}, aotgemm.DtypeError, "ks_tensor: .*int32"),
        ({"index": np.zeros(4, np.int32)[::2]}, aotgemm.LayoutError, "ks_tensor: stride is 2, must be 1"),
        ({"index": None}, aotgemm.DtypeError, "ks_tensor: is a NoneType"),
    ],
)
def test_k_of_each_group_is_checked(form, changed, kind, message):
    given = form.operands(K) | changed
    with pytest.raises(kind, match=f"^{message}"):
        form.run(given)
    assert (given["d"] == POISON).all()


@pytest.mark.parametrize("form", K_GROUPED, ids=str)
def test_k_of_each_group_may_be_any_integers(form):
    given = form.operands(K) | {"ks": np.array([K, 0])}
    form.run(given)
    assert (given["d"][0] == K).all() and (given["d"][1] == 0).all()


@ALL
def test_operands_that_are_missing_or_not_taken_are_named(form):
    given = form.operands(K)
    present = [name for name in ("a", "sfa", "b", "sfb", "d", "index") if given[name] is not None]
    absent = [name for name in ("sfa", "sfb", "index", *("c",) * (form not in WITH_C)) if given[name] is None]
    for name in present:
        with pytest.raises(aotgemm.DtypeError, match=": is (a NoneType|none), "):
            form.run(given | {name: None})
    for name in absent:
        with pytest.raises(aotgemm.LayoutError, match=f"^{name}: is given, allowed is none for {form.family}"):
            form.run(given | {name: given["a"]})


@ALL
def test_another_layout_is_refused(form):
    given = form.operands(K)
    with pytest.raises(aotgemm.LayoutError, match="^layout: is 'xy', allowed is .*t"):
        _core.gemm(form.family, form.grouping, "xy", **given)


def test_unknown_families_and_groupings_are_refused():
    given = FORMS[0].operands(K)
    with pytest.raises(aotgemm.KernelMissingError, match="^family: is 'fp9', allowed is fp8_gemm_1d2d or .*bf16"):
        _core.gemm("fp9", "dense", "nt", **given)
    with pytest.raises(aotgemm.KernelMissingError, match="^grouping: is 'sparse', allowed for .* is dense or"):
        _core.gemm("fp8_gemm_1d2d", "sparse", "nt", **given)


@pytest.mark.parametrize("form", [form for form in FORMS if form.grouping not in ("dense", "k_grouped")], ids=str)
def test_heads_and_k_of_groups_belong_to_few_calls(form):
    with pytest.raises(aotgemm.ShapeError, match="^head_splits: are 8, 8, 8, allowed is none for "):
        form.run(form.operands(K) | {"head_splits": (8, 8, 8)})
    with pytest.raises(aotgemm.ShapeError, match="^ks: has 1 elements, allowed are those of the groups of k_grouped"):
        form.run(form.operands(K) | {"ks": [K]})
