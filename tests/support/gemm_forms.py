"""Every family in every grouping that `_core.gemm` takes, with small operands, for rules that hold for all of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from aotgemm import _core, prepack_fp4_weights
from aotgemm.arrays.sizes import align, ceil_div
from aotgemm.problems.kinds import KINDS, SKIP_HEAD_MID, Kind
from aotgemm.problems.memory import in_tma_rows
from aotgemm.problems.scales import granularities
from problems import BF16, FP8, CudaLike

N, GROUPS, BATCHES = 24, 2, 3
INDICES = {  # of GROUPS groups; rows of A and D of no group in between
    "contiguous": np.repeat(np.array([0, -1, 1, -1], np.int32), [100, 28, 30, 98]),
    "psum": np.array([100, 158], np.int32),
    "masked": np.array([5, 3], np.int32),
}
POISON = 7


@dataclass(frozen=True)
class Form:
    """A kind of call as `_core.gemm` has it."""

    kind: Kind

    def __str__(self) -> str:
        words = self.family, self.grouping, self.kind.layout, np.dtype(self.out).name
        return " ".join((*words, *("heads",) * bool(self.heads)))

    @property
    def family(self) -> str:
        return self.kind.family

    @property
    def grouping(self) -> str:
        return "dense" if self.heads else self.kind.grouping

    @property
    def heads(self) -> tuple[int, int, int] | None:
        return (8, 16, 16) if self.kind.grouping == SKIP_HEAD_MID else None

    @property
    def layout(self) -> str:
        return self.kind.layout

    @property
    def out(self) -> type:
        """NumPy's type of D."""
        return {"bf16": BF16, "fp32": np.float32}[self.kind.out_dtype]

    @property
    def is_fp8(self) -> bool:
        return self.kind.is_fp8

    @property
    def m(self) -> int:
        """Rows of A and D, of each group where A has groups."""
        return 256 if self.grouping in ("contiguous", "psum") else 8

    @property
    def shape_of_d(self) -> tuple[int, ...]:
        columns = N if self.heads is None else N // (self.heads[0] + self.heads[2]) * sum(self.heads)
        return (*((GROUPS,) if self.grouping in ("batched", "masked", "k_grouped") else ()), self.m, columns)

    @property
    def written(self) -> np.ndarray:
        """Which elements of D are products."""
        mask = np.ones(self.shape_of_d, bool)
        if self.grouping == "masked":
            mask[0, 5:] = mask[1, 3:] = False
        if self.grouping in ("contiguous", "psum"):
            mask[INDICES["contiguous"] < 0] = False
        if self.heads is not None:
            left, mid, _ = self.heads
            mask.reshape(self.m, -1, sum(self.heads))[..., left : left + mid] = False
        return mask

    @property
    def others(self) -> np.ndarray:
        """What the elements of D are that are no products: each of the two groups of rows has padding."""
        padded = self.grouping in ("contiguous", "psum")
        return np.full(self.shape_of_d, 0 if padded else POISON)

    def ks(self, k: int) -> list[int] | None:
        """Of an even K in whole stages, all of it for the first group."""
        return [k, 0] if self.grouping == "k_grouped" else None

    def operands(self, k: int) -> dict[str, Any]:
        """Arguments of `_core.gemm` for ones times ones, with D poisoned."""
        given = dict.fromkeys(("sfa", "sfb", "c", "index")) | self._factors(k)
        if self.kind.prepacked_b:
            given |= self._words(k)
        elif self.is_fp8:
            given |= self._packed_scales(k) if self.kind.packs_scales else self._scales(ceil_div(k, 128))
        if self.grouping in INDICES:
            given["index"] = INDICES[self.grouping]
        if self.grouping == "k_grouped":
            given["index"] = np.array(self.ks(k), np.int32)
        return given | {"d": np.full(self.shape_of_d, POISON, self.out), "ks": self.ks(k), "head_splits": self.heads}

    @property
    def is_flat(self) -> bool:
        return self.kind.is_flat

    def _factors(self, k: int) -> dict[str, np.ndarray]:
        dtype = FP8 if self.is_fp8 else BF16
        shapes = {"a": (self.m, k), "b": (N, k)}
        if self.grouping == "k_grouped":
            shapes = {"a": (self.m * k,), "b": (N * k,)} if self.is_flat else {"a": (k, self.m), "b": (k, N)}
        elif self.grouping != "dense":
            groups = BATCHES if self.grouping == "batch_reduced" else GROUPS
            has_groups_of_a = self.grouping not in ("contiguous", "psum")
            shapes = {"a": (*((groups,) if has_groups_of_a else ()), self.m, k), "b": (groups, N, k)}
        transposed = {"a": self.layout[0] == "t", "b": self.layout[1] == "n"}
        if self.grouping == "k_grouped":
            transposed = {"a": False, "b": False}
        factors = {
            name: np.ones((*shape[:-2], *reversed(shape[-2:])) if transposed[name] else shape, dtype)
            for name, shape in shapes.items()
        }
        return {name: in_tma_rows(x) for name, x in factors.items()} if self.kind.packs_scales else factors

    def _scales(self, blocks: int) -> dict[str, np.ndarray]:
        rows_b = N if self.kind.scales_b_by_row else ceil_div(N, 128)
        groups_a = (GROUPS,) if self.grouping in ("batched", "masked") else ()
        groups_b = (GROUPS,) if self.grouping in ("batched", "masked", "contiguous", "psum") else ()
        return {
            "sfa": np.ones((*groups_a, self.m, blocks), np.float32),
            "sfb": np.ones((*groups_b, rows_b, blocks), np.float32),
        }

    def _words(self, k: int) -> dict[str, np.ndarray]:
        """Ones in FP4, and A's scales."""
        groups = () if self.grouping == "dense" else (GROUPS,)
        columns = align(k, 128)
        packed, scales = (
            np.full((*groups, N, columns // 2), 0x22, np.int8),
            np.ones((*groups, N, columns // 32), np.float32),
        )
        words, split = prepack_fp4_weights(packed, scales, allow_inexact=True).weights
        return {"sfa": self._scales(ceil_div(k, 128))["sfa"], "b": words, "sfb": split}

    def _packed_scales(self, k: int) -> dict[str, np.ndarray]:
        """Packed ones as a GPU reads them."""
        words = ceil_div(k, 512)
        groups_a = (GROUPS,) if self.grouping in ("batched", "masked") else ()
        groups_b = (GROUPS,) if self.grouping in ("batched", "masked", "contiguous", "psum") else ()
        shapes = {"sfa": (*groups_a, words, self.m), "sfb": (*groups_b, words, N)}
        return {name: np.full(shape, 0x7F7F7F7F, np.int32).swapaxes(-1, -2) for name, shape in shapes.items()}

    def run(self, given: dict[str, Any], **options: Any) -> None:
        _core.gemm(
            *(self.family, self.grouping, self.layout), **given, **granularities(self.kind.packs_scales), **options
        )


FORMS = [Form(kind) for kind in KINDS.values()]
ON_HOPPER = [form for form in FORMS if "sm_90a" in form.kind.form.family.archs]
K_GROUPED = [form for form in FORMS if form.grouping == "k_grouped"]
WITH_C = [form for form in FORMS if form.kind.takes_c]


def on_cuda(given: dict[str, Any]) -> dict[str, Any]:
    """The operands as if they were on a GPU: for what is refused before a launch."""
    return {
        name: CudaLike(value.shape, tuple(step // value.itemsize for step in value.strides), value.dtype.name)
        if isinstance(value, np.ndarray)
        else value
        for name, value in given.items()
    }
