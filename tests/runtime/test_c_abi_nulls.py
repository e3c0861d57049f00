"""Every function of the C ABI that takes pointers, with null for all of them: a status, never a signal."""

import ctypes
import re
from pathlib import Path

import aotgemm
import c_abi
import pytest
from c_abi import GemmCall, Tensor

HEADERS = sorted((Path(aotgemm.__file__).with_name("include") / "aotgemm").glob("*.h"))
FUNCTION = re.compile(r"AOTGEMM_API ([\w ]+[* ]+)(aotgemm_\w+)\(([^)]*)\);")
MAY_BE_NULL = {"aotgemm_plan_load", "aotgemm_cuda_free", "aotgemm_cuda_stream_destroy", "aotgemm_cuda_event_destroy"}
TENSOR = "const aotgemm_tensor*"


def functions():
    """Result and parameters of each, as the header has them, by name."""
    text = re.sub(r"/\*.*?\*/", "", "".join(path.read_text() for path in HEADERS), flags=re.DOTALL)
    found = FUNCTION.findall(text)
    return {name: (result.strip(), " ".join(given.split()).split(", ")) for result, name, given in found}


FUNCTIONS = functions()
WITH_POINTERS = [name for name, (_, given) in FUNCTIONS.items() if any("*" in one for one in given)]


def arguments(name):
    return [ctypes.c_void_p(None) if "*" in one else ctypes.c_int64(0) for one in FUNCTIONS[name][1]]


def test_the_header_was_read():
    assert len(FUNCTIONS) > 50 and len(WITH_POINTERS) > 30


@pytest.mark.parametrize("name", WITH_POINTERS)
def test_nulls_for_all(name):
    library = c_abi.library()
    status = getattr(library, name)(*arguments(name))
    if FUNCTIONS[name][0] == "aotgemm_status" and name not in MAY_BE_NULL:
        assert status != 0 and library.aotgemm_last_error()


@pytest.mark.parametrize("name", [name for name in WITH_POINTERS if FUNCTIONS[name][1][0].startswith(TENSOR)])
def test_tensors_of_nothing_but_zeros(name):
    """All operands are there, of no dimension, type or memory."""
    library, tensor = c_abi.library(), Tensor()
    given = [
        ctypes.byref(tensor) if parameter.startswith(TENSOR) else value
        for parameter, value in zip(FUNCTIONS[name][1], arguments(name), strict=True)
    ]
    assert getattr(library, name)(*given) != 0 or FUNCTIONS[name][0] != "aotgemm_status"


@pytest.mark.parametrize("missing", ["a", "sfa", "b", "sfb", "d"])
def test_an_operand_with_elements_and_no_address(missing):
    memory = ctypes.create_string_buffer(1 << 16)
    start = (ctypes.addressof(memory) + 15) // 16 * 16

    def pointer_to(name, dtype, rows, columns, at):
        address = None if name == missing else start + at
        return ctypes.pointer(Tensor(address, 1, 0, dtype, 2, (rows, columns, 0, 0), (columns, 1, 0, 0)))

    call = GemmCall(b"fp8_gemm_1d2d", b"dense", b"nt")
    sizes = {"a": (1, 4, 128), "sfa": (3, 4, 1), "b": (1, 8, 128), "sfb": (3, 1, 1), "d": (2, 4, 8)}
    for place, (name, view) in enumerate(sizes.items()):
        setattr(call, name, pointer_to(name, *view, 4096 * place))
    library = c_abi.library()
    assert library.aotgemm_gemm(ctypes.byref(call), None) == 1 + c_abi.ERRORS.index(aotgemm.LayoutError)
    assert library.aotgemm_last_error().decode().startswith(f"{missing}: data is null, must be where its elements are")


class Kernel(ctypes.Structure):
    _fields_ = [(name, ctypes.c_char_p) for name in ("name", "arch", "sha256")]


class Plan(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int32) for name in ("cc_major", "cc_minor", "num_sms")),
        ("kernels", ctypes.POINTER(Kernel)),
        ("kernel_count", ctypes.c_int32),
        ("rows", ctypes.c_void_p),
        ("row_count", ctypes.c_int32),
    ]


@pytest.mark.parametrize("kernels, rows", [(1, 0), (0, 1), (-1, 0), (0, -1)])
def test_a_plan_that_points_to_nothing(kernels, rows):
    library = c_abi.library()
    named = ctypes.pointer(Kernel()) if kernels > 0 else None
    for pointer in (named, None):
        assert library.aotgemm_plan_load(ctypes.byref(Plan(9, 0, 132, pointer, kernels, None, rows)), 3) != 0
    assert library.aotgemm_plan_mode_in_force() == 0
