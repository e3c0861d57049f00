"""Kernels broken on purpose are found, and those that they were made of are not."""

from functools import cache

import machine_mutations
import machine_mutations_sm100
import pytest
from mutation_runs import check_found, check_page, check_sound, run_mutations

BROKEN = {"sm_90a": machine_mutations, "sm_100a": machine_mutations_sm100}
LEAST = {"sm_90a": 40, "sm_100a": 25}
EACH = [
    pytest.param(arch, mutation, id=mutation.what) for arch, broken in BROKEN.items() for mutation in broken.MUTATIONS
]


@pytest.fixture(scope="module")
def outcomes(machine, ptx, tmp_path_factory):
    """Of the mutations of an architecture, by what they are. They run when the first is asked for."""

    @cache
    def run_all(arch):
        broken = BROKEN[arch]
        return run_mutations(
            machine, ptx, lambda: tmp_path_factory.mktemp("mutation"), broken.MUTATIONS, broken.SUBJECTS
        )

    return run_all


@pytest.mark.parametrize("arch", BROKEN)
def test_there_are_many_and_each_is_one_of_a_kind(arch):
    mutations = BROKEN[arch].MUTATIONS
    assert len({mutation.what for mutation in mutations}) == len(mutations) >= LEAST[arch]


@pytest.mark.parametrize("arch", BROKEN)
def test_the_page_lists_them(arch):
    check_page(BROKEN[arch].MUTATIONS, BROKEN[arch].SUBJECTS)


@pytest.mark.parametrize(("arch", "mutation"), EACH)
def test_a_mutation_is_found(outcomes, arch, mutation):
    check_found(outcomes(arch)[mutation.what], mutation, BROKEN[arch].SUBJECTS)


@pytest.mark.parametrize("arch", BROKEN)
def test_sound_kernels_bring_no_finding(machine, ptx, arch):
    check_sound(machine, ptx, BROKEN[arch].SUBJECTS)
