"""Every grouped kernel on a GPU: groups of every size, padding in every place, groups that start anywhere."""

import pytest
from aotgemm import _core
from padding_problems import grouped_specs, outcomes


@pytest.mark.parametrize("spec", grouped_specs(), ids=lambda spec: spec["name"])
def test_d_is_that_of_the_cpu_backend(spec):
    device = _core.cuda_device(0)
    if spec["arch"] != f"sm_{device['cc_major']}{device['cc_minor']}a":
        pytest.skip(f"{spec['name']} is for {spec['arch']}")
    assert [outcome for outcome in outcomes(spec, seed=0, most=4) if outcome["differing"]] == []
