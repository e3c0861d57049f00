"""What grouped calls ask of a spec, whatever its family."""

from codegen.spec import KernelSpec

GROUP_ALIGNMENT = 128  # rows between which groups of a contiguous layout start; cpp/kernels/common/grouping.hpp


def why_illegal_for_groups(spec: KernelSpec) -> str | None:
    """Why tiles of `spec` would hold, or a cluster of them share, what belongs to different groups; or None."""
    if spec.grouping in ("contiguous", "psum") and GROUP_ALIGNMENT % spec.block_m != 0:
        return f"block_m is {spec.block_m}; groups start at multiples of {GROUP_ALIGNMENT} rows, which it must divide"
    if spec.grouping != "dense" and spec.cluster_m != 1:
        return f"cluster_m is {spec.cluster_m}; tiles of different groups share no B"
    return None
