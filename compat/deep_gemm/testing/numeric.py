"""Comparisons of tensors."""

from aotgemm.compat.deepgemm_modules import members_of

globals().update(members_of(__name__))
__all__ = list(members_of(__name__))
