"""Names of the layouts of A and B: n or t for A with K or M adjacent, t or n for B with K or N adjacent."""

from itertools import product


def layout_of(layout: str, a_is_fp4: bool, b_is_fp4: bool) -> str:
    """As selection and plans call it: a 4 follows the letter of an operand of FP4 that does not lie along K."""
    a, b = layout
    return a + "4" * (a_is_fp4 and a == "t") + b + "4" * (b_is_fp4 and b == "n")


def layouts_with_fp4(layout: str) -> list[str]:
    """The names of a layout whose operands may be FP4, but for its own."""
    names = dict.fromkeys(layout_of(layout, *is_fp4) for is_fp4 in product((False, True), repeat=2))
    return [name for name in names if name != layout]
