"""Arguments that several calls check alike: pairs of a tensor and its scales, recipes, hints."""

from typing import Any

from ..errors import DtypeError, LayoutError, ShapeError
from ..scalars import flag, integer

RECIPE = (1, 128, 128)  # rows of A, rows of B and columns of both that share a scale
RECIPE_A = (1, 128)
RECIPE_B = (128, 128)
RECIPE_1D1D = (1, 1, 128)  # of family fp8_gemm_1d1d: B scaled by row, as A is
LARGEST = 2**63 - 1  # of the C ABI's integers


def _is_one_of(given: Any, recipes: tuple[tuple[int, ...], ...]) -> bool:
    if not isinstance(given, (tuple, list)) or not all(hasattr(x, "__index__") for x in given):
        return False
    return tuple(integer("recipe", x) for x in given) in recipes


def check_recipe(name: str, given: Any, *allowed: tuple[int, ...]) -> None:
    """Raises ShapeError unless `given` is None or an allowed recipe."""
    if given is not None and not _is_one_of(given, allowed):
        shown = (
            given if isinstance(given, (tuple, list)) and all(isinstance(x, int) for x in given) else describe(given)
        )
        raise ShapeError(f"{name}: is {shown}, allowed is None or {' or '.join(map(str, allowed))}")


def check_recipes(recipe: Any, recipe_a: Any, recipe_b: Any) -> None:
    """Raises ShapeError unless all three are None or the scaling of family fp8_gemm_1d2d."""
    check_recipe("recipe", recipe, RECIPE)
    check_recipe("recipe_a", recipe_a, RECIPE_A)
    check_recipe("recipe_b", recipe_b, RECIPE_B)


def is_1d1d(recipe: Any, recipe_a: Any, recipe_b: Any) -> bool:
    """Whether the recipes ask for family fp8_gemm_1d1d: recipe (1, 1, 128), or (1, 128) for B.

    Raises ShapeError if they ask for neither this family nor fp8_gemm_1d2d.
    """
    check_recipe("recipe", recipe, RECIPE, RECIPE_1D1D)
    check_recipe("recipe_a", recipe_a, RECIPE_A)
    check_recipe("recipe_b", recipe_b, RECIPE_B, RECIPE_A)
    if recipe is None:
        return _is_one_of(recipe_b, (RECIPE_A,))
    family = _is_one_of(recipe, (RECIPE_1D1D,))
    check_recipe("recipe_b", recipe_b, RECIPE_A if family else RECIPE_B)
    return family


def describe(value: Any) -> str:
    """Its type in words, and its length if it is a sequence."""
    plain = f"a {type(value).__name__}"
    return f"{plain} of length {len(value)}" if isinstance(value, (tuple, list)) else plain


def check_no_accumulator(c: Any) -> None:
    """Raises LayoutError unless c is None."""
    if c is not None:
        raise LayoutError(f"c: is {describe(c)}, allowed is None (family fp8_gemm_1d2d does not accumulate)")


def unpack(name: str, pair: Any) -> tuple[Any, Any]:
    """(tensor, scales). Raises DtypeError for anything but a pair."""
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise DtypeError(f"{name}: is {describe(pair)}, allowed is a pair (FP8 tensor, FP32 scales)")
    return pair[0], pair[1]


def check_expected_m(name: str, value: Any) -> int:
    """The value as an int of 64 bits. Raises DtypeError unless it is one, ShapeError unless it is positive.

    It is a hint, so that one beyond every size counts as the largest.
    """
    number = integer(name, value)
    if number < 1:
        raise ShapeError(f"{name}: is {value}, allowed is a positive number")
    return number if number <= LARGEST else LARGEST


def contiguous_form(use_psum_layout: bool, expected_m: Any) -> tuple[str, int]:
    """The grouping of an m_grouped contiguous call, and the rows to expect in a group, 0 if unknown.

    expected_m: the caller's expected_m_for_psum_layout. Raises what check_expected_m raises, and ShapeError for a hint
    without use_psum_layout.
    """
    is_psum = flag("use_psum_layout", use_psum_layout)
    if expected_m is None:
        return ("psum" if is_psum else "contiguous"), 0
    expected_m = check_expected_m("expected_m_for_psum_layout", expected_m)
    if not is_psum:
        raise ShapeError(f"expected_m_for_psum_layout: is {expected_m}, allowed is None without use_psum_layout")
    return "psum", expected_m
