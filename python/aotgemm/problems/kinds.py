"""The kinds of GEMM call that the library runs: what a call is, but for its sizes. The one table of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .. import _core

Words = tuple[str, str, str, str]  # family, grouping, layout, out_dtype
SHARED_ROWS = ("contiguous", "psum")  # the rows of all groups in one A and one D
SEPARATE_ROWS = ("masked", "batched")  # a matrix of rows for each group
SKIP_HEAD_MID = "skip_head_mid"  # a dense call into a D with unwritten columns in each head
K_UNIT = {"bf16_gemm": 64, "fp8_gemm_1d1d": 128}  # K of each group of a k_grouped call is a multiple of this


@dataclass(frozen=True)
class Kind:
    """A kind of call by its four words. layout: of A and B as in BLAS, n or t each; out_dtype: of D.

    kernels: grouping and out_dtype of the kernels that run the call, where they are made for another one.
    """

    family: str
    grouping: str = "dense"
    layout: str = "nt"
    out_dtype: str = "bf16"
    kernels: tuple[str, str] | None = None

    def __str__(self) -> str:
        return " ".join(self.words)

    @property
    def name(self) -> str:
        """The words that are not the usual ones, joined: fp8_gemm_1d2d, bf16_gemm_contiguous_nn, bf16_gemm_fp32."""
        usual = ("dense", "nt", "bf16")
        return "_".join([self.family, *(word for word, default in zip(self.words[1:], usual) if word != default)])

    @property
    def words(self) -> Words:
        return self.family, self.grouping, self.layout, self.out_dtype

    @property
    def kernel_words(self) -> Words:
        """The words of the kernels that run it."""
        grouping, out_dtype = self.kernels or (self.grouping, self.out_dtype)
        return self.family, grouping, self.layout, out_dtype

    @property
    def is_fp8(self) -> bool:
        return self.family.startswith("fp8")

    @property
    def scales_b_by_row(self) -> bool:
        """Whether B has a scale per row and 128 columns, as A has; else one per 128 x 128 block."""
        return self.family == "fp8_gemm_1d1d"

    @property
    def shares_rows(self) -> bool:
        return self.grouping in SHARED_ROWS

    @property
    def separates_rows(self) -> bool:
        return self.grouping in SEPARATE_ROWS

    @property
    def has_row_groups(self) -> bool:
        """Whether the rows of A fall into groups with a B each."""
        return self.shares_rows or self.separates_rows

    @property
    def has_groups(self) -> bool:
        return self.has_row_groups or self.grouping == "k_grouped"

    @property
    def takes_c(self) -> bool:
        """Whether D may be C plus the product."""
        return self.family != "fp8_gemm_1d2d" and not self.has_row_groups

    @property
    def leaves_parts_of_d(self) -> bool:
        """Whether D has rows of no group, or columns between those of a head, which no kernel writes."""
        return self.grouping in ("contiguous", "psum", "masked", SKIP_HEAD_MID)


_ROWS = (
    Kind("fp8_gemm_1d2d"),
    Kind("fp8_gemm_1d2d", SKIP_HEAD_MID, kernels=("dense", "bf16")),
    Kind("fp8_gemm_1d2d", "contiguous"),
    Kind("fp8_gemm_1d2d", "psum"),
    Kind("fp8_gemm_1d2d", "masked"),
    Kind("fp8_gemm_1d2d", "batched"),
    Kind("fp8_gemm_1d1d"),
    Kind("fp8_gemm_1d1d", out_dtype="fp32"),
    Kind("fp8_gemm_1d1d", "k_grouped", out_dtype="fp32", kernels=("dense", "fp32")),
    Kind("bf16_gemm"),
    Kind("bf16_gemm", layout="nn"),
    Kind("bf16_gemm", layout="tn"),
    Kind("bf16_gemm", layout="tt"),
    Kind("bf16_gemm", out_dtype="fp32"),
    Kind("bf16_gemm", layout="nn", out_dtype="fp32"),
    Kind("bf16_gemm", layout="tn", out_dtype="fp32"),
    Kind("bf16_gemm", layout="tt", out_dtype="fp32"),
    Kind("bf16_gemm", "contiguous"),
    Kind("bf16_gemm", "contiguous", "nn"),
    Kind("bf16_gemm", "psum"),
    Kind("bf16_gemm", "psum", "nn"),
    Kind("bf16_gemm", "masked"),
    Kind("bf16_gemm", "batched"),
    Kind("bf16_gemm", "batched", "nn"),
    Kind("bf16_gemm", "k_grouped", "tn", "fp32"),
    # A sum over batches ends in a sum of parts in FP32, which rounds to D's type.
    Kind("bf16_gemm", "batch_reduced", kernels=("batch_reduced", "fp32")),
    Kind("bf16_gemm", "batch_reduced", out_dtype="fp32"),
)
KINDS = {kind.name: kind for kind in _ROWS}


def words_of(spec: dict[str, Any]) -> Words:
    """The four words of a kernel, from its row of _core.specs()."""
    return spec["family"], spec["grouping"], spec["layout"], spec["out_dtype"]


def kernels_of(kind: Kind, specs: Iterable[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    """The kernels that run a kind of call: those among `specs`, by default all of the library."""
    return [spec for spec in (_core.specs() if specs is None else specs) if words_of(spec) == kind.kernel_words]
