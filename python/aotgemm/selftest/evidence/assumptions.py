"""All assumptions about the families that the library has, by architecture."""

from ...problems.kinds import FAMILIES
from . import of_bf16, of_fp8_fp4, of_fp8_sm90
from .assumption import Assumption

BY_ARCH: dict[str, dict[str, list[Assumption]]] = {
    "sm_90a": {"bf16_gemm": of_bf16.assumptions("sm_90a"), "fp8_gemm_1d1d": of_fp8_sm90.assumptions()},
    "sm_100a": {"bf16_gemm": of_bf16.assumptions("sm_100a"), "fp8_fp4_gemm": of_fp8_fp4.assumptions()},
}
ASSUMPTIONS = {
    arch: [one for family, of_family in families.items() if family in FAMILIES for one in of_family]
    for arch, families in BY_ARCH.items()
}
