"""OPERATIONS: every call that is no GEMM, by name, as the modules of this folder state them."""

import sys

from ..discover import stated_in

OPERATIONS = {str(one): one for stated in stated_in(sys.modules[__name__], "OPERATIONS") for one in stated}
