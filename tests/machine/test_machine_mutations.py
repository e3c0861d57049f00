"""Kernels broken on purpose are found, and those that they were made of are not."""

import pytest
from machine_mutations import MUTATIONS, SUBJECTS
from mutation_runs import check_found, check_page, check_sound, run_mutations


@pytest.fixture(scope="module")
def outcomes(machine, ptx, tmp_path_factory):
    """Of each mutation, by what it is."""
    return run_mutations(machine, ptx, lambda: tmp_path_factory.mktemp("mutation"), MUTATIONS, SUBJECTS)


def test_there_are_many_and_each_is_one_of_a_kind():
    assert len({mutation.what for mutation in MUTATIONS}) == len(MUTATIONS) >= 40


def test_the_page_lists_them():
    check_page(MUTATIONS, SUBJECTS)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.what)
def test_a_mutation_is_found(outcomes, mutation):
    check_found(outcomes[mutation.what], mutation, SUBJECTS)


def test_sound_kernels_bring_no_finding(machine, ptx):
    check_sound(machine, ptx, SUBJECTS)
