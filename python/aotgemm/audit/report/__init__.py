"""A plan as one HTML page for a reviewer: no other file, no network, readable on a phone, on paper and without scripts."""

from .page import render

__all__ = ["render"]
