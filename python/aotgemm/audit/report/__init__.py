"""A plan as one HTML page for a reviewer: no other file, no network, for phone and paper, readable without scripts."""

from .page import render

__all__ = ["render"]
