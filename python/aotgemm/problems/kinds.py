"""KINDS: every kind of GEMM call that the library runs, by name, as families/NAME.py state them."""

from collections.abc import Iterable
from typing import Any

from .. import _core
from . import families
from .discover import stated_in
from .form import Form, GemmFamily
from .kind import SEPARATE_ROWS, SHARED_ROWS, SKIP_HEAD_MID, Kind, Words

__all__ = ["FAMILIES", "FORMS", "KINDS", "SEPARATE_ROWS", "SHARED_ROWS", "SKIP_HEAD_MID", "Kind", "Words"]


def words_of(spec: dict[str, Any]) -> Words:
    """The four words of a kernel, from its row of _core.specs()."""
    return spec["family"], spec["grouping"], spec["layout"], spec["out_dtype"]


def _in_order_of_the_tables(stated: list[GemmFamily]) -> dict[str, GemmFamily]:
    """By name, as the library orders its kernels."""
    order = list(dict.fromkeys(spec["family"] for spec in _core.specs()))
    return {family.name: family for family in sorted(stated, key=lambda family: order.index(family.name))}


def _kinds_of(form: Form) -> list[Kind]:
    return [
        Kind(form.family.name, form.grouping, one.layout, one.out_dtype, one.kernels, one.suite, form)
        for one in form.variants
    ]


FAMILIES = _in_order_of_the_tables(stated_in(families, "FAMILY"))
FORMS = [form for family in FAMILIES.values() for form in family.forms]
KINDS = {kind.name: kind for form in FORMS for kind in _kinds_of(form)}


def kernels_of(kind: Kind, specs: Iterable[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    """The kernels that run a kind of call: those among `specs`, by default all of the library."""
    return [spec for spec in (_core.specs() if specs is None else specs) if words_of(spec) == kind.kernel_words]
