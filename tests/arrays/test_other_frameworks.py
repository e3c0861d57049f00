"""Arrays of frameworks that only speak DLPack: read as inputs; as outputs only where what is written is seen."""

import ctypes
import importlib.util

import aotgemm
import numpy as np
import pytest
from aotgemm import _core

READ_ONLY, IS_COPIED = 1, 2  # DLPACK_FLAG_BITMASK_* of dlpack.h


class Exporter:
    """A NumPy array behind the DLPack protocol, with flags of one's choice."""

    def __init__(self, array, flags=0):
        self.array, self.flags = array, flags

    def __dlpack_device__(self):
        return 1, 0

    def __dlpack__(self, *, max_version=None, **_):
        capsule = self.array.__dlpack__(max_version=max_version)
        pointer = ctypes.pythonapi.PyCapsule_GetPointer
        pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
        managed = pointer(capsule, b"dltensor_versioned")
        ctypes.c_uint64.from_address(managed + 24).value |= self.flags  # behind version, manager_ctx and deleter
        return capsule


class ImmutableArray(Exporter):
    """As JAX's: no flag says that it never changes."""

    __module__ = "jaxlib._jax"


class Child(ImmutableArray):
    __module__ = "somebody"


def scales():
    return np.arange(8, dtype=np.float32).reshape(4, 2)


def aligned():
    return np.zeros((2, 4), np.float32).T


def test_what_is_written_through_dlpack_is_seen():
    out = aligned()
    _core.sf_to_mn_major(Exporter(scales()), Exporter(out))
    np.testing.assert_array_equal(out, scales())


@pytest.mark.parametrize("framework", [ImmutableArray, Child])
def test_immutable_arrays_are_read_and_not_written(framework):
    out = aligned()
    _core.sf_to_mn_major(framework(scales()), out)
    np.testing.assert_array_equal(out, scales())
    with pytest.raises(aotgemm.LayoutError, match="^out: is an array of JAX, which never change, must be writable"):
        _core.sf_to_mn_major(scales(), framework(aligned()))


@pytest.mark.parametrize("flag, words", [(READ_ONLY, "is read-only"), (IS_COPIED, "comes as a copy")])
def test_flags_of_an_output(flag, words):
    _core.sf_to_mn_major(Exporter(scales(), flag), aligned())
    out = aligned()
    with pytest.raises(aotgemm.LayoutError, match=f"^out: {words}"):
        _core.sf_to_mn_major(scales(), Exporter(out, flag))
    assert not out.any()


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="needs JAX")
def test_jax():
    import jax.numpy as jnp

    out = aligned()
    _core.sf_to_mn_major(jnp.asarray(scales()), out)
    np.testing.assert_array_equal(out, scales())
    with pytest.raises(aotgemm.LayoutError, match="^out: is an array of JAX"):
        _core.sf_to_mn_major(scales(), jnp.zeros((4, 2)))


class Raising(Exporter):
    def __init__(self, error):
        self.error = error

    def __dlpack__(self, **_):
        raise self.error


def test_a_foreign_error_of_many_lines_is_one_sentence():
    with pytest.raises(aotgemm.DtypeError) as caught:
        _core.sf_is_aligned(Raising(RuntimeError("no memory here\nframe #0: somewhere\nframe #1")))
    assert str(caught.value).endswith("Raising that cannot be read as a tensor: no memory here")
    assert caught.value.__cause__ is None and caught.value.__context__ is None


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3)])
def test_what_ends_the_program_is_no_refusal(error):
    with pytest.raises(type(error)):
        _core.sf_is_aligned(Raising(error))


class Odd:
    """Attributes of a tensor, some of them nonsense."""

    shape, dtype, address = (4, 2), "float32", 1 << 44

    def __init__(self, **changed):
        self.__dict__.update(changed)

    class device:
        type, index = "cpu", 0

    def stride(self):
        return 2, 1

    def data_ptr(self):
        return self.address


@pytest.mark.parametrize(
    "changed",
    [
        {"shape": (2**70, 2)},
        {"shape": ("4", 2)},
        {"shape": 4},
        {"address": 2**70},
        {"address": "here"},
        {"device": None},
        {"stride": lambda: (1,)},
        {"stride": lambda: 1 / 0},
    ],
    ids=" ".join,  # the names: a test has the same name in every process
)
def test_attributes_of_nonsense_are_our_error(changed):
    with pytest.raises(aotgemm.Error, match="^sf: is a test_other_frameworks.Odd ") as caught:
        _core.sf_is_aligned(Odd(**changed))
    assert type(caught.value) is aotgemm.DtypeError
