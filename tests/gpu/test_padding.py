"""Every grouped kernel on a GPU: groups of every size, padding in every place, groups that start anywhere."""

import pytest
from kernels_here import runs_here
from padding_problems import grouped_specs, outcomes


@pytest.mark.parametrize("spec", filter(runs_here, grouped_specs()), ids=lambda spec: spec["name"])
def test_d_is_that_of_the_cpu_backend(spec):
    assert [outcome for outcome in outcomes(spec, seed=0, most=4) if outcome["differing"]] == []
