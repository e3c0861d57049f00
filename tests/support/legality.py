"""What the tests of all families' rules have in common. A case is a rule's name, a spec that it turns away, and why."""

from collections.abc import Callable, Iterable

import pytest

from codegen.families import kernels_of
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


def rule_tests(legal: tuple[KernelSpec, ...], cases: list[Case]) -> tuple[Callable[..., None], ...]:
    """Of one family and architecture: these specs are legal, each case is turned away, and every rule has a case."""

    @each_spec(*legal)
    def test_legal(spec: KernelSpec) -> None:
        assert why_illegal(spec) is None

    @each_case(cases)
    def test_illegal(rule: str, spec: KernelSpec, reason: str) -> None:
        check_turned_away(rule, spec, reason)

    def test_every_rule_has_a_case() -> None:
        assert names_of(kernels_of(legal[0]).rules) <= covered(cases)

    return test_legal, test_illegal, test_every_rule_has_a_case
