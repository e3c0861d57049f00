"""Kind: what a GEMM call is, but for its sizes."""

from dataclasses import dataclass, field

from .form import Form
from .prepacked import Prepacked

Words = tuple[str, str, str, str]  # family, grouping, layout, out_dtype
SHARED_ROWS = ("contiguous", "psum")  # the rows of all groups in one A and one D
SEPARATE_ROWS = ("masked", "batched")  # a matrix of rows for each group
SKIP_HEAD_MID = "skip_head_mid"  # a dense call into a D with unwritten columns in each head


@dataclass(frozen=True)
class Kind:
    """A kind of call by its four words. layout: of A and B as in BLAS, n or t each; out_dtype: of D.

    kernels: grouping and out_dtype of the kernels that run the call, where they are made for another one. suite: of
    `aotgemm bench`, that measures it. form: what its family says of the grouping.
    """

    family: str
    grouping: str
    layout: str
    out_dtype: str
    kernels: tuple[str, str] | None
    suite: str | None
    form: Form = field(compare=False, repr=False)

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
        return self.form.family.is_fp8

    @property
    def scales_b_by_row(self) -> bool:
        """Whether B has a scale per row and 128 columns, as A has; else one per 128 x 128 block."""
        return self.form.family.rows_per_scale_of_b == 1

    @property
    def packs_scales(self) -> bool:
        """Whether scales are packed UE8M0, four to a word."""
        return self.form.family.packs_scales

    @property
    def prepacked_b(self) -> Prepacked | None:
        """The form of a B that is packed before the call."""
        return self.form.family.prepacked_b

    @property
    def is_flat(self) -> bool:
        """Whether A and B are vectors that hold a matrix for each group of K."""
        return self.is_fp8 and not self.packs_scales and self.grouping == "k_grouped"

    @property
    def sums_over_tokens(self) -> bool:
        """Whether the call is a gradient: what varies from one to the next is K, or the number of batches."""
        return self.form.sums_over_tokens

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
        return self.form.takes_c

    @property
    def leaves_parts_of_d(self) -> bool:
        """Whether D has rows of no group, or columns between those of a head, which no kernel writes."""
        return self.grouping in ("contiguous", "psum", "masked", SKIP_HEAD_MID)
