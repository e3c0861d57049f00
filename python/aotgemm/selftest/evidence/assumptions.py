"""All assumptions, in the order of the library's families."""

from itertools import chain

from ...problems.discover import stated_in
from ...problems.kinds import FAMILIES
from . import families
from .assumption import Assumption

_STATED: list[Assumption] = list(chain.from_iterable(stated_in(families, "ASSUMPTIONS")))
ASSUMPTIONS = [one for family in FAMILIES for one in _STATED if one.family == family]
