"""A row's result is the row's alone: the same bits whatever its batch, its place, its group and the number of SMs."""

import aotgemm
import numpy as np
import pytest
import torch
from grouped_device import GROUPINGS, to_cuda
from problems import BF16, make_finite_operands
from torch_tensors import bits

ROWS, GROUPS = 200, 6
BATCH_SIZES = (1, 3, 16, 64, 129, ROWS)


class Rows:
    """Random rows, weights that every group has a copy of, and the CPU backend's result for each row."""

    def __init__(self, n: int, k: int) -> None:
        a, sfa, b, sfb = make_finite_operands(np.random.default_rng([n, k]), ROWS, n, k)
        d = np.empty((ROWS, n), BF16)
        aotgemm.fp8_gemm_nt((a, sfa), (b, sfb), d)
        self.n, self.expected = n, d.view(np.uint16)
        self.a, self.sfa, self.b, self.sfb = (to_cuda(x) for x in (a, sfa, b, sfb))
        self.group_b, self.group_sfb = (x.repeat(GROUPS, 1, 1) for x in (self.b, self.sfb))

    def output(self, *shape: int) -> torch.Tensor:
        return torch.full((*shape, self.n), float("nan"), dtype=torch.bfloat16, device="cuda")

    def check(self, d: torch.Tensor, rows: torch.Tensor) -> None:
        """d[i] is the result of row rows[i]."""
        np.testing.assert_array_equal(bits(d), self.expected[rows.cpu().numpy()])


@pytest.fixture(scope="module", params=[(2112, 7168), (7168, 2048), (576, 512)], ids=str)
def rows(request):
    return Rows(*request.param)


@pytest.fixture(params=[132, 96, 20])
def num_sms(request):
    aotgemm.set_num_sms(request.param)
    yield request.param
    aotgemm.set_num_sms(0)


@pytest.mark.parametrize("size", BATCH_SIZES)
def test_dense_batches(rows, num_sms, size):
    order = torch.from_numpy(np.random.default_rng(size).permutation(ROWS))
    for part in order.split(size):
        d = rows.output(len(part))
        aotgemm.fp8_gemm_nt((rows.a[part], rows.sfa[part]), (rows.b, rows.sfb), d)
        rows.check(d, part)


def place_randomly(random, room):
    """Which row lies where in each group [GROUPS, room], and how many of each group count."""
    counts = random.integers(0, room + 1, GROUPS)
    return random.integers(0, ROWS, (GROUPS, room)), np.append(counts[:-1], room)


@pytest.mark.parametrize("grouping", GROUPINGS)
@pytest.mark.parametrize("room", [128, 256])
def test_groups(rows, num_sms, grouping, room):
    source, counts = place_randomly(np.random.default_rng([num_sms, room]), room)
    source = torch.from_numpy(source).cuda()
    a, sfa, d = rows.a[source], rows.sfa[source], rows.output(GROUPS, room)
    weights = (rows.group_b, rows.group_sfb)
    if grouping == "batched":
        counts = np.full(GROUPS, room)
        aotgemm.fp8_einsum("bhr,hdr->bhd", (a.transpose(0, 1), sfa.transpose(0, 1)), weights, d.transpose(0, 1))
    elif grouping == "masked":
        aotgemm.m_grouped_fp8_gemm_nt_masked((a, sfa), weights, d, to_cuda(counts.astype(np.int32)), 64)
    else:
        flat = (a.flatten(0, 1), sfa.flatten(0, 1)), weights, d.flatten(0, 1)
        index = index_of(grouping, counts, room)
        aotgemm.m_grouped_fp8_gemm_nt_contiguous(*flat, index, use_psum_layout=grouping == "psum")
    for group, count in enumerate(counts):
        rows.check(d[group, :count], source[group, :count])
        # The last 128 rows that a group of a shared matrix reaches into end with zeros.
        zeroed = aotgemm.align(int(count), 128) if grouping in ("contiguous", "psum") else count
        assert (d[group, count:zeroed] == 0).all()
        assert d[group, zeroed:].isnan().all()


def index_of(grouping, counts, room):
    """For groups that start `room` rows apart; psum needs a group to reach into its last 128 rows for that."""
    if grouping == "contiguous":
        live = np.arange(room) < counts[:, None]
        return to_cuda(np.where(live, np.arange(GROUPS)[:, None], -1).reshape(-1).astype(np.int32))
    counts[:] = np.maximum(counts, room - 127)
    return to_cuda((np.arange(GROUPS) * room + counts).astype(np.int32))
