"""The matrix: every kernel the library holds, as families/NAME.py state them. Order here is order in the tables."""

from codegen.arch import ARCHS
from codegen.families import FAMILIES
from codegen.spec import KernelSpec


def all_specs() -> list[KernelSpec]:
    """Every spec of every architecture."""
    on_arch = (family.kernels.get(arch) for arch in ARCHS for family in FAMILIES.values())
    return [spec for kernels in on_arch if kernels is not None for spec in kernels.specs]


def gemm_specs() -> list[KernelSpec]:
    """Specs of the GEMM families."""
    return [spec for spec in all_specs() if spec.is_gemm]
