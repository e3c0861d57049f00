"""All assumptions, in the order of the library's families; those of single instructions are the last ones."""

from itertools import chain

from ...problems.discover import stated_in
from ...problems.kinds import FAMILIES
from . import families
from .assumption import Assumption
from .families.tcgen05_mma import FAMILY as INSTRUCTIONS

_STATED: list[Assumption] = list(chain.from_iterable(stated_in(families, "ASSUMPTIONS")))
_ORDER = [*FAMILIES, INSTRUCTIONS]
ASSUMPTIONS = [one for family in _ORDER for one in _STATED if one.family == family]
