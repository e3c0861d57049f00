"""Clusters of blocks along x, y and z: who is where, by the special registers."""

import numpy as np
import pytest
from machine_kernel import Launch, run_kernel

AXES = "xyz"
NAMES = [
    f"%{name}.{axis}"
    for name in ("ctaid", "cluster_ctaid", "cluster_nctaid", "clusterid", "nclusterid")
    for axis in AXES
]
NAMES += ["%cluster_ctarank", "%cluster_nctarank"]

# Lane 0 of each block writes what each register holds, at a row of its own.
START = """
\tmov.u32 %r1, %tid.x;
\tsetp.ne.u32 %p1, %r1, 0;
\t@%p1 bra $end;
\tld.param.u64 %rd1, [p];
\tmov.u32 %r2, %ctaid.x;
\tmov.u32 %r3, %ctaid.y;
\tmov.u32 %r4, %ctaid.z;
\tmov.u32 %r5, %nctaid.x;
\tmov.u32 %r6, %nctaid.y;
\tmad.lo.u32 %r7, %r4, %r6, %r3;
\tmad.lo.u32 %r7, %r7, %r5, %r2;
\tmul.wide.u32 %rd2, %r7, {bytes};
\tadd.s64 %rd3, %rd1, %rd2;
"""
WRITE = "\tmov.u32 %r8, {name};\n\tst.global.u32 [%rd3+{at}], %r8;\n"


def expected(grid, cluster):
    """A row for each block, x first."""
    rows = []
    for at in np.ndindex(*grid[::-1]):
        block = np.array(at[::-1])
        inside, of = block % cluster, block // cluster
        rank = inside[0] + cluster[0] * (inside[1] + cluster[1] * inside[2])
        rows.append([*block, *inside, *cluster, *of, *np.array(grid) // cluster, rank, np.prod(cluster)])
    return np.array(rows)


@pytest.mark.parametrize(("grid", "cluster"), [((4, 6, 2), (2, 3, 1)), ((6, 4, 4), (1, 2, 4)), ((8, 2, 1), (8, 1, 1))])
def test_blocks_know_where_they_are(machine, grid, cluster):
    size = 4 * len(NAMES)
    words = "".join(WRITE.format(name=name, at=4 * i) for i, name in enumerate(NAMES))
    body = START.format(bytes=size) + words + "$end:\n\tret;"
    ran = run_kernel(machine, Launch(body, (bytes(size * int(np.prod(grid))),), grid=grid, cluster=cluster))
    assert (ran.result, ran.findings) == (0, [])
    np.testing.assert_array_equal(
        np.frombuffer(ran.arrays[0], np.uint32).reshape(-1, len(NAMES)), expected(grid, cluster)
    )


@pytest.mark.parametrize("cluster", [(1, 2, 1), (3, 3, 1), (1, 1, 2)])
def test_clusters_fill_the_grid_and_have_at_most_eight_blocks(machine, cluster):
    assert run_kernel(machine, Launch("\tret;", (bytes(4),), grid=(3, 3, 1), cluster=cluster)).result != 0
