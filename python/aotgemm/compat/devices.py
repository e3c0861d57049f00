"""The GPUs of the machine, asked of the driver's management library: no CUDA context, and a later fork stays safe."""

import ctypes

LIBRARY = "libnvidia-ml.so.1"
SUCCESS = 0


def _capability(nvml: ctypes.CDLL, index: int) -> tuple[int, int] | None:
    device, major, minor = ctypes.c_void_p(), ctypes.c_int(), ctypes.c_int()
    if nvml.nvmlDeviceGetHandleByIndex_v2(ctypes.c_uint(index), ctypes.byref(device)) != SUCCESS:
        return None
    if nvml.nvmlDeviceGetCudaComputeCapability(device, ctypes.byref(major), ctypes.byref(minor)) != SUCCESS:
        return None
    return major.value, minor.value


def compute_capabilities() -> list[tuple[int, int]]:
    """(major, minor) of every GPU that the driver names; none where there is no driver.

    CUDA_VISIBLE_DEVICES is not applied: the list answers for the machine, before a process has chosen its device.
    """
    try:
        nvml = ctypes.CDLL(LIBRARY)
    except OSError:
        return []
    if nvml.nvmlInit_v2() != SUCCESS:
        return []
    count = ctypes.c_uint()
    try:
        if nvml.nvmlDeviceGetCount_v2(ctypes.byref(count)) != SUCCESS:
            return []
        found = [_capability(nvml, index) for index in range(count.value)]
    finally:
        nvml.nvmlShutdown()
    return [capability for capability in found if capability is not None]
