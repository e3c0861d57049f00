"""Utilities, flat and by kind."""

from aotgemm.compat.deepgemm_modules import members_of

from . import dist, layout, math

globals().update(members_of(__name__))
__all__ = [*members_of(__name__), "dist", "layout", "math"]
