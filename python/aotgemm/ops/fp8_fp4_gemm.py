"""The FP8 and FP4 GEMMs of sm_100a: scales by DeepGEMM's recipes for SM100, and the calls of family fp8_fp4_gemm."""

from collections.abc import Sequence
from typing import Any

from .. import _core
from ..arrays.frameworks import dtype_name_of, shape_of, swap_dimensions
from ..arrays.sizes import align
from ..errors import DtypeError, ShapeError
from ..scalars import flag, integer
from ._arguments import check_expected_m, contiguous_form, describe, unpack
from ._k_groups import alignment, spans_of
from .layout import transform_sf_into_required_layout
from .packed_layout import get_k_grouped_mn_major_tma_aligned_packed_ue8m0_tensor

FAMILY, ARCH = "fp8_fp4_gemm", "sm_100a"
GRANS = (32, 128)  # elements of K under one scale
K_UNIT = 32  # K of a group is a multiple of it
WORD_OF_K = 4 * GRANS[0]  # the least K under one word of scales
Recipe = tuple[int, int]  # rows and elements of K under one scale
Recipes = tuple[Any, Any, Any]  # recipe, recipe_a, recipe_b of a call
NO_RECIPES: Recipes = (None, None, None)


def is_for(d: Any) -> bool:
    """Whether a call that writes d runs this family: on a Blackwell GPU, or on a CPU that speaks for one."""
    return bool(_core.arch_of(d, "d") == ARCH)


def _numbers(name: str, recipe: Any, count: int) -> tuple[int, ...]:
    if not isinstance(recipe, (tuple, list)) or len(recipe) != count:
        raise ShapeError(f"{name}: is {describe(recipe)}, allowed is None or a tuple of {count} numbers")
    return tuple(integer(name, number) for number in recipe)


def _of_both(recipes: Recipes, sfb: Any) -> tuple[Recipe, Recipe]:
    """The recipes of A and of B. Without any, B has a scale for 128 rows if they are FP32, for each row if packed."""
    recipe, recipe_a, recipe_b = recipes
    if recipe is None and recipe_a is None and recipe_b is None:
        recipe = (1, 1 if dtype_name_of(sfb) == "int32" else 128, 128)
    if recipe is not None and recipe_a is None and recipe_b is None:
        gran_m, gran_n, gran_k = _numbers("recipe", recipe, 3)
        return (gran_m, gran_k), (gran_n, gran_k)
    if recipe is not None or recipe_a is None or recipe_b is None:
        given = [name for name, x in zip(("recipe", "recipe_a", "recipe_b"), recipes, strict=True) if x is not None]
        raise ShapeError(f"recipe: {', '.join(given)} given, allowed are recipe, or recipe_a with recipe_b, or none")
    of_a, of_b = _numbers("recipe_a", recipe_a, 2), _numbers("recipe_b", recipe_b, 2)
    return (of_a[0], of_a[1]), (of_b[0], of_b[1])


def _rows_and_k(name: str, tensor: Any) -> tuple[int, int]:
    """Rows and K in elements: int8 holds two FP4 of the dimension that is adjacent."""
    *_, rows, columns = shape_of(name, tensor, (2, 3))
    if dtype_name_of(tensor) != "int8":
        return rows, columns
    return (rows, 2 * columns) if _core.has_adjacent_columns(tensor, name) else (2 * rows, columns)


def _packed(name: str, tensor: Any, sf: Any, recipe: Recipe, disable_ue8m0_cast: bool, psum_layout: Any = None) -> Any:
    """The scales of `tensor`, packed: those that are, for the core to check, or of FP32 powers of two by a kernel."""
    if recipe[1] not in GRANS:
        raise ShapeError(f"recipe: {name} has a scale for {recipe[1]} of K, allowed on {ARCH} is 32 or 128")
    if dtype_name_of(sf) == "int32":
        if recipe[0] != 1:
            raise ShapeError(f"recipe: {name} has a scale for {recipe[0]} rows, allowed for packed scales is 1")
        return sf
    if flag("disable_ue8m0_cast", disable_ue8m0_cast):
        raise DtypeError(
            f"sf{name}: dtype is {dtype_name_of(sf)} with disable_ue8m0_cast, allowed on {ARCH} are packed scales "
            "(get_mn_major_tma_aligned_packed_ue8m0_tensor makes them of FP32 powers of two)"
        )
    shape = shape_of(f"sf{name}", sf, (2, 3))
    groups = shape[0] if len(shape) == 3 else None
    return transform_sf_into_required_layout(
        sf, *_rows_and_k(name, tensor), recipe, groups, psum_layout=psum_layout, arch=ARCH
    )


def gemm(
    grouping: str,
    a: Any,
    b: Any,
    d: Any,
    recipes: Recipes = NO_RECIPES,
    disable_ue8m0_cast: bool = False,
    *,
    c: Any = None,
    index: Any = None,
    expected_m: int = 0,
    head_splits: Any = None,
) -> None:
    """One call with K last in A and B, whose memory may be otherwise. a, b: pairs, scales FP32 or packed."""
    a, sfa = unpack("a", a)
    b, sfb = unpack("b", b)
    of_a, of_b = _of_both(recipes, sfb)
    psum_layout = index if grouping == "psum" else None
    sfa = _packed("a", a, sfa, of_a, disable_ue8m0_cast, psum_layout)
    sfb = _packed("b", b, sfb, of_b, disable_ue8m0_cast)
    _core.gemm(
        *(FAMILY, grouping, "nt", a, sfa, b, sfb, c, d, index, None, expected_m),
        head_splits=head_splits,
        gran_k_a=of_a[1],
        gran_k_b=of_b[1],
    )


def m_grouped_contiguous(
    a: Any,
    b: Any,
    d: Any,
    index: Any,
    recipes: Recipes,
    disable_ue8m0_cast: bool,
    use_psum_layout: bool,
    expected_m_for_psum_layout: int | None,
) -> None:
    """Rows of all groups in one A."""
    grouping, expected_m = contiguous_form(use_psum_layout, expected_m_for_psum_layout)
    gemm(grouping, a, b, d, recipes, disable_ue8m0_cast, index=index, expected_m=expected_m)


def m_grouped_masked(
    a: Any, b: Any, d: Any, index: Any, expected_m: int, recipes: Recipes, disable_ue8m0_cast: bool
) -> None:
    """Room for as many rows in each group."""
    expected_m = check_expected_m("expected_m", expected_m)
    gemm("masked", a, b, d, recipes, disable_ue8m0_cast, index=index, expected_m=expected_m)


def transposed(name: str, pair: Any, ndim: int) -> tuple[Any, Any]:
    """(tensor, scales) with their last two dimensions exchanged, wherever they lie."""
    tensor, scales = unpack(name, pair)
    view = swap_dimensions(name, tensor, ndim, -1, -2)
    return view, swap_dimensions(f"sf{name}", scales, ndim, -1, -2)


def _packed_of_groups(name: str, sf: Any, ks: Sequence[int], layout: Any, gran_k: int, use_psum_layout: bool) -> Any:
    """[M, words] as a view of the packed scales [words, M] of groups of K."""
    if dtype_name_of(sf) != "int32":
        sf = get_k_grouped_mn_major_tma_aligned_packed_ue8m0_tensor(
            sf, layout, ks, gran_k, alignment() if use_psum_layout else K_UNIT, use_psum_layout
        )
    return swap_dimensions(f"sf{name}", sf, 2, 0, 1)


def _check_ends(use_psum_layout: bool) -> None:
    """Groups start where a step of the sum does."""
    if use_psum_layout and alignment() % K_UNIT:
        raise ShapeError(
            f"alignment of groups: is {alignment()}, must be a multiple of {K_UNIT} with use_psum_layout; "
            f"the nearest is {align(alignment(), K_UNIT)}"
        )


def k_grouped(
    a: Any, b: Any, d: Any, ks: Sequence[int] | None, layout: Any, c: Any, recipe: Any, use_psum_layout: bool
) -> None:
    """One range of K for each group: A [K, M], B [K, N], scales [of all groups' K, M or N]."""
    use_psum_layout = flag("use_psum_layout", use_psum_layout)
    gran_m, gran_n, gran_k = _numbers("recipe", recipe, 3)
    if (gran_m, gran_n) != (1, 1) or gran_k not in GRANS:
        raise ShapeError(f"recipe: is {(gran_m, gran_n, gran_k)}, allowed is (1, 1, 32) or (1, 1, 128)")
    a, sfa = unpack("a", a)
    b, sfb = unpack("b", b)
    _check_ends(use_psum_layout)
    spans = spans_of("ks", ks, layout, use_psum_layout)
    sfa, sfb = (
        _packed_of_groups(name, sf, spans.ks, layout, gran_k, use_psum_layout) for name, sf in (("a", sfa), ("b", sfb))
    )
    _core.gemm(
        *(FAMILY, "k_grouped", "tn", a, sfa, b, sfb, c, d, spans.ks_tensor, spans.ks),
        gran_k_a=gran_k,
        gran_k_b=gran_k,
        scaled_ks=spans.live_ks,
    )
