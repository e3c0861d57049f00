"""The C ABI as a C program sees it, through ctypes: for what the Python binding never passes on."""

import ctypes
from pathlib import Path

import aotgemm
from problems import CudaLike

DTYPES = {"float8_e4m3fn": 1, "bfloat16": 2, "float32": 3, "int32": 4}  # aotgemm_dtype
DEVICES = {"cpu": 1, "cuda": 2}  # aotgemm_device_type
ERRORS = (  # of aotgemm_status, from 1 on
    *(aotgemm.ShapeError, aotgemm.DtypeError, aotgemm.LayoutError, aotgemm.DeviceError),
    *(aotgemm.KernelMissingError, aotgemm.PlanError, aotgemm.CudaError, aotgemm.Error),
)
OPERANDS = ("a", "sfa", "b", "sfb", "c", "d")


class Tensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        *((name, ctypes.c_int32) for name in ("device_type", "device_id", "dtype", "ndim")),
        ("shape", ctypes.c_int64 * 4),
        ("stride", ctypes.c_int64 * 4),
    ]


class Launch(ctypes.Structure):
    _fields_ = [
        ("stream", ctypes.c_void_p),
        ("kernel", ctypes.c_int32),
        ("cpu_threads", ctypes.c_int32),
        ("allocator", ctypes.c_void_p),
    ]


class GemmCall(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_char_p) for name in ("family", "grouping", "layout")),
        *((name, ctypes.POINTER(Tensor)) for name in (*OPERANDS, "index")),
        ("ks", ctypes.POINTER(ctypes.c_int64)),
        ("ks_count", ctypes.c_int32),
        *((name, ctypes.c_int64) for name in ("expected_m", "head_left", "head_mid", "head_right")),
        ("workspace", ctypes.POINTER(Tensor)),
        *((name, ctypes.c_int32) for name in ("gran_k_a", "gran_k_b")),
        ("scaled_ks", ctypes.POINTER(Tensor)),
    ]


def library() -> ctypes.CDLL:
    loaded = ctypes.CDLL(str(Path(aotgemm.__file__).with_name("libaotgemm.so")))
    loaded.aotgemm_last_error.restype = ctypes.c_char_p
    return loaded


def tensor_of(like: CudaLike) -> Tensor:
    fixed = like.address, DEVICES[like.device.type], like.device.index, DTYPES.get(like.dtype, 0), len(like.shape)
    return Tensor(*fixed, (ctypes.c_int64 * 4)(*like.shape), (ctypes.c_int64 * 4)(*like.strides))


class Allocator(ctypes.Structure):
    ALLOCATE = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int32, ctypes.c_size_t)
    RELEASE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)
    _fields_ = [("allocate", ALLOCATE), ("release", RELEASE), ("context", ctypes.c_void_p)]


def gemm(
    family: str,
    grouping: str,
    layout: str,
    ks: tuple[int, ...] = (),
    allocator: Allocator | None = None,
    stream: int | None = None,
    **given: CudaLike | None,
) -> None:
    """aotgemm_gemm. Raises what its status stands for."""
    call = GemmCall(family.encode(), grouping.encode(), layout.encode(), ks_count=len(ks))
    tensors = {name: tensor_of(like) for name, like in given.items() if like is not None}
    for name, tensor in tensors.items():
        setattr(call, name, ctypes.pointer(tensor))
    if ks:
        call.ks = (ctypes.c_int64 * len(ks))(*ks)
    loaded = library()
    place = None if allocator is None else ctypes.cast(ctypes.pointer(allocator), ctypes.c_void_p)
    status = loaded.aotgemm_gemm(ctypes.byref(call), ctypes.byref(Launch(stream, -1, 0, place)))
    if status:
        raise ERRORS[status - 1](loaded.aotgemm_last_error().decode())
