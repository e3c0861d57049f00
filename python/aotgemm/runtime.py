"""Settings of the running process."""

import sys

from . import _core
from .errors import DeviceError
from .scalars import flag, integer, text
from .typing import Architecture


def current_device() -> int:
    """The CUDA ordinal that PyTorch has current, or 0 where PyTorch is not in use. Raises DeviceError without a GPU."""
    if _core.cuda_device_count() == 0:
        raise DeviceError(f"device: there is no CUDA device ({_core.cuda_unavailable_reason()}), allowed is a CUDA GPU")
    torch = sys.modules.get("torch")
    return torch.cuda.current_device() if torch is not None and torch.cuda.is_initialized() else 0


def set_num_sms(num_sms: int) -> None:
    """How many streaming multiprocessors later calls may use; 0 restores all of them. Read at each call.

    No result depends on it. Raises ShapeError for a negative number.
    """
    _core.set_num_sms(integer("num_sms", num_sms))


def get_num_sms() -> int:
    """The number set by set_num_sms, else that of the current device. Raises DeviceError if there is neither."""
    return _core.get_num_sms() or _core.cuda_device(current_device())["num_sms"]


def set_cpu_arch(arch: Architecture) -> None:
    """Which architecture later calls on CPU tensors speak for: "sm_90a" (at first) or "sm_100a". Holds for the process.

    It chooses the family where a call leaves that to the device: the FP8 calls run fp8_gemm_1d2d or fp8_gemm_1d1d on
    sm_90a and fp8_fp4_gemm on sm_100a, which takes other scales and has other bits. An indexer's logits are those of
    the architecture, which sums over heads in an order of its own and on sm_100a takes FP4 and 8 heads too. All other
    calls have the same bits on every device. Raises DtypeError for no str, KernelMissingError for an architecture that
    there is not.
    """
    _core.set_cpu_arch(text("arch", arch))


def get_cpu_arch() -> Architecture:
    """The architecture that set_cpu_arch set."""
    return _core.get_cpu_arch()


def set_pdl(enabled: bool) -> None:
    """Programmatic dependent launch for later calls: a kernel may start while the one before it drains. Off at first.

    No result depends on it.
    """
    _core.set_pdl(flag("enabled", enabled))


def get_pdl() -> bool:
    """Whether set_pdl turned programmatic dependent launch on."""
    return _core.get_pdl()


def preload(device: int | None = None) -> int:
    """Loads every kernel of a device now instead of at first use; returns how many.

    device: CUDA ordinal; None is the current device. Raises DeviceError or CudaError.
    """
    return _core.preload(current_device() if device is None else integer("device", device))
