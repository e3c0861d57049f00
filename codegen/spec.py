"""KernelSpec: what one compiled kernel is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class KernelSpec:
    """One compiled kernel: all that is fixed at compile time. Sizes, strides and SM counts are arguments of it.

    GEMM families use every field from `grouping` to `swap_ab`; in_flight is 0 where partial sums are not promoted.
    Layout and conversion kernels have no tile: `scaling` says what shares one scale ("token" for 1x128, "block" for
    128x128) and `in_dtype` what they read; `out_dtype` what they write is named where there is a choice. Kernels of
    tf32_hc_prenorm_gemm have no tile either, for rows are an argument of theirs; `block_n` is all of N.
    """

    arch: str
    family: str
    grouping: str = ""
    layout: str = ""  # "nt"; of an indexer's kernels heads and head_dim, "h64d128"
    out_dtype: str = ""
    block_m: int = 0
    block_n: int = 0
    block_k: int = 0
    stages: int = 0
    in_flight: int = 0
    cluster_m: int = 1
    cluster_n: int = 1
    swap_ab: bool = False
    scaling: str = ""
    in_dtype: str = ""

    @property
    def is_gemm(self) -> bool:
        """Whether the kernel has a tile, as those have that the selection chooses between."""
        return self.block_m > 0

    def name(self) -> str:
        """File name, kernel symbol, table key and log text."""
        parts = [self.arch.rstrip("a").replace("_", ""), self.family]
        if self.is_gemm:
            parts += [self.grouping, self.layout, self.out_dtype] + ["swap"] * self.swap_ab
            parts += [f"{self.block_m}x{self.block_n}x{self.block_k}", f"s{self.stages}"]
            parts += [f"f{self.in_flight}"] * (self.in_flight > 0)
            parts += [f"c{self.cluster_m}x{self.cluster_n}"]
        else:
            parts += [self.layout] * bool(self.layout)
            parts += [part for part in (self.scaling and f"per_{self.scaling}", self.in_dtype, self.out_dtype) if part]
            parts += [f"n{self.block_n}"] * (self.block_n > 0)
        return "_".join(parts)
