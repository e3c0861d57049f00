"""Where a warning about the plan points: at the user's line, not at one of this library or of PyTorch below it."""

import sys
import warnings
from types import FrameType

from ..errors import PlanWarning

BELOW_THE_USER = {__name__.partition(".")[0], "torch"}  # an operator of PyTorch is called through PyTorch's own code


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


def _frame_of_user() -> FrameType:
    """The innermost one of other packages; the outermost of all if there is none."""
    frame = sys._getframe()
    while frame.f_back is not None and _module(frame).partition(".")[0] in BELOW_THE_USER:
        frame = frame.f_back
    return frame


def warn(sentence: str) -> None:
    """Issues a PlanWarning, which the filters of `warnings` show, drop, or raise."""
    frame = _frame_of_user()
    registry = frame.f_globals.setdefault("__warningregistry__", {})
    warnings.warn_explicit(
        sentence, PlanWarning, frame.f_code.co_filename, frame.f_lineno, _module(frame) or None, registry
    )
