"""A launch has whole clusters: the driver refuses others."""

import random

import pytest
from aotgemm import _core

SPECS = _core.specs()
WITH_CLUSTERS = [("fp8_gemm_1d2d", grouping) for grouping in ("dense", "contiguous", "psum", "masked")]
WITH_CLUSTERS += [("bf16_gemm", grouping) for grouping in ("dense", "contiguous", "psum")]


@pytest.mark.parametrize(("family", "grouping"), WITH_CLUSTERS)
def test_every_kernel_starts_whole_clusters(family, grouping):
    draw = random.Random(grouping)
    device, seen = _core.named_device("h200"), 0
    for _ in range(200):
        m, n, k = draw.randint(1, 400), 8 * draw.randint(1, 200), 16 * draw.randint(1, 60)
        groups, num_sms = (1 if grouping == "dense" else draw.randint(1, 9)), draw.choice([0, 1, 2, 3, 77, 131])
        for choice in _core.select(family, m, n, k, num_sms, device, len(SPECS), grouping, "nt", "bf16", groups):
            spec = SPECS[choice["kernel"]]
            cluster = spec["cluster_m"] * spec["cluster_n"]
            assert choice["grid"] % cluster == 0, (choice["name"], m, n, k, groups, num_sms)
            seen += cluster > 1
    assert seen
