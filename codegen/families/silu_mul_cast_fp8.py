"""Family silu_mul_cast_fp8: SwiGLU of BF16 gate and up, cast to FP8 E4M3, scaled by 1 x gran elements."""

from codegen.arch import ARCHS
from codegen.casts import TEMPLATE, rows_marks
from codegen.conversion import conversion_specs
from codegen.family import Family, Kernels
from codegen.spec import KernelSpec

NAME = "silu_mul_cast_fp8"
CHOICES = {"scaling": ("token",), "in_dtype": ("bf16",)}


def _marks(spec: KernelSpec) -> dict[str, object]:
    return rows_marks("aotgemm::SiluMulSource", "Fp8", "kSiluMulBlocksPerSm")


FAMILY = Family(
    name=NAME,
    choices=CHOICES,
    kernels={arch: Kernels(conversion_specs(arch, NAME, CHOICES), template=TEMPLATE, marks=_marks) for arch in ARCHS},
)
