"""aotgemm under DeepGEMM's name: every call that this build computes on this machine, and no other name.

Raises ImportError, and nothing else, where aotgemm is missing or has no kernels for the machine's GPUs.
"""

try:
    from aotgemm import __version__ as aotgemm_version
    from aotgemm.compat.deepgemm_modules import check_devices, members_of
except OSError as error:  # the loader's word for a library that does not fit the system
    raise ImportError(f"deep_gemm: aotgemm cannot be loaded: {error}") from error

check_devices()

from . import testing, utils  # noqa: E402

globals().update(members_of(__name__))
__all__ = [*members_of(__name__), "aotgemm_version", "testing", "utils"]
