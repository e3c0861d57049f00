"""What DeepGEMM's own tests use, flat and by kind."""

from aotgemm.compat.deepgemm_modules import members_of

from . import bench, numeric, utils  # noqa: F401

globals().update(members_of(__name__))
__all__ = [*members_of(__name__), "numeric", "utils"]
