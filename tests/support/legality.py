"""What the tests of all families' rules have in common. A case is a rule's name, a spec that it turns away, and why."""

from collections.abc import Iterable

import pytest

from codegen.family import Rule
from codegen.legality import rules_of, why_illegal
from codegen.spec import KernelSpec

Case = tuple[str, KernelSpec, str]


def each_spec(*specs: KernelSpec) -> pytest.MarkDecorator:
    """A test for each, called by its name."""
    return pytest.mark.parametrize("spec", specs, ids=KernelSpec.name)


def each_case(cases: list[Case]) -> pytest.MarkDecorator:
    """A test for each, called by its rule."""
    return pytest.mark.parametrize(
        ("rule", "spec", "reason"), cases, ids=[f"{case[0]}{i}" for i, case in enumerate(cases)]
    )


def check_turned_away(rule: str, spec: KernelSpec, reason: str) -> None:
    """That rule is the first one to turn the spec away, for that reason (a regular expression)."""
    with pytest.raises(ValueError, match=reason):
        raise ValueError(why_illegal(spec))
    assert next(each.__name__ for each in rules_of(spec) if each(spec)) == rule


def names_of(rules: Iterable[Rule]) -> set[str]:
    """Of the rules' functions."""
    return {rule.__name__ for rule in rules}


def covered(cases: list[Case]) -> set[str]:
    """The names of the rules that have a case."""
    return {rule for rule, _, _ in cases}
