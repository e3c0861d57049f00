"""aotgemm: block-scaled FP8 GEMM from kernels compiled ahead of time.

Importing it loads libaotgemm and nothing else: no framework, no CUDA context, no process, no file.
"""

from ._core import DeviceArray, version
from .audit.enforcement import Recording, load_plan, record, recorded_calls, unload_plan
from .cast import per_block_cast_to_fp8, per_token_cast_to_fp8
from .device_array import from_numpy, to_numpy
from .errors import (
    CudaError,
    DeviceError,
    DtypeError,
    Error,
    KernelMissingError,
    LayoutError,
    PlanError,
    PlanWarning,
    ShapeError,
)
from .gemm import fp8_gemm_nt
from .layout import get_mn_major_tma_aligned_tensor
from .runtime import get_num_sms, get_pdl, preload, set_num_sms, set_pdl
from .sizes import align, ceil_div, get_tma_aligned_size

__version__: str = version()

__all__ = [
    "CudaError",
    "DeviceArray",
    "DeviceError",
    "DtypeError",
    "Error",
    "KernelMissingError",
    "LayoutError",
    "PlanError",
    "PlanWarning",
    "Recording",
    "ShapeError",
    "align",
    "ceil_div",
    "fp8_gemm_nt",
    "from_numpy",
    "get_mn_major_tma_aligned_tensor",
    "get_num_sms",
    "get_pdl",
    "get_tma_aligned_size",
    "load_plan",
    "per_block_cast_to_fp8",
    "per_token_cast_to_fp8",
    "preload",
    "record",
    "recorded_calls",
    "set_num_sms",
    "set_pdl",
    "to_numpy",
    "unload_plan",
]
