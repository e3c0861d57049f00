"""The plan of a server that cannot be edited: named by the environment, loaded before the first call.

AOTGEMM_PLAN is the file, AOTGEMM_PLAN_MODE is strict (if unset), warn or record. The library itself reads no
environment variable; the bindings call `apply` once, and again at each call for as long as it fails.
"""

import os

from .. import _core, observe
from ..errors import PlanError
from .enforcement import OFF, check_mode, load_plan

PLAN, MODE = "AOTGEMM_PLAN", "AOTGEMM_PLAN_MODE"


def apply() -> None:
    """Does what AOTGEMM_VERBOSE and AOTGEMM_NVTX ask for, and loads the plan, unless the program has one.

    Raises RequestError, OSError, PlanError.
    """
    observe.apply_environment()
    path, mode = os.environ.get(PLAN), os.environ.get(MODE, "strict")
    if not path or _core.plan_mode() != OFF:
        return
    try:
        check_mode(mode)
        load_plan(path, mode)
    except PlanError as error:
        raise PlanError(f"{PLAN}={path}, {MODE}={mode}: {error}") from error
