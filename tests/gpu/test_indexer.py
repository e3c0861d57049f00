"""Indexer logits on a GPU: the CPU backend's bits amid poison, streams, graphs, schedules."""

import aotgemm
import numpy as np
import pytest
import torch
from indexer_problems import BF16, bits, draw_indexer, draw_paged
from machine_indexer import FORMS, mqa_logits, paged_mqa_logits, paged_mqa_schedule

KERNELS = [f"_h{heads}d{dim}_{dtype}" for heads in (16, 32, 64) for dim in (32, 64, 128) for dtype in ("fp32", "bf16")]


def compare(problem):
    run, memory, wanted = problem
    run()
    got = np.empty(wanted.nbytes, np.uint8)
    memory.copy_to(got)
    assert int((got != wanted.reshape(-1).view(np.uint8)).sum()) == 0


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("form", range(len(FORMS)), ids=FORMS)
def test_rows_and_keys(kernel, form):
    for shape in ((1, 1), (130, 2000), (700, 3333)):
        compare(mqa_logits(kernel, *shape, form, np.random.default_rng(form)))


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("rows", [1, 2, 3, 8])
def test_blocks_of_a_cache(kernel, rows):
    for shape in ((1, 2), (9, 3000), (150, 900)):
        compare(paged_mqa_logits(kernel, *shape, rows, np.random.default_rng(rows)))


def test_schedules():
    for shape in ((1, 1, 1), (5, 3000, 132), (3000, 70000, 132), (300, 9, 7)):
        compare(paged_mqa_schedule("", *shape, np.random.default_rng(0)))


def test_a_graph_takes_the_ranges_of_its_replay():
    problem = draw_indexer(np.random.default_rng(1), 64, 64, 128, 500)
    q, k, scales, weights = (
        torch.from_numpy(each.view(np.uint8)).cuda().view(torch.float8_e4m3fn)
        if each.itemsize == 1
        else torch.from_numpy(each).cuda()
        for each in (problem.q, problem.k, problem.scales, problem.weights)
    )
    start, end = (torch.zeros(64, dtype=torch.int32, device="cuda") for _ in range(2))
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        logits = aotgemm.fp8_mqa_logits(q, (k, scales), weights, start, end)
    end.fill_(500)
    graph.replay()
    np.testing.assert_array_equal(bits(logits.cpu().numpy()), bits(problem.logits()))


def test_sms_change_no_bit():
    random = np.random.default_rng(2)
    for make, kernel in ((mqa_logits, "_h64d128_fp32"), (paged_mqa_logits, "_h64d128_fp32")):
        problem = make(kernel, 40, 2000, 1, random)
        for sms in (1, 7, 0):
            aotgemm.set_num_sms(sms)
            try:
                compare(problem)
            finally:
                aotgemm.set_num_sms(0)


def test_types_of_the_public_calls():
    problem = draw_paged(np.random.default_rng(3), [100, 700], 2, 64, 128, 64)
    q = torch.from_numpy(problem.q.view(np.uint8)).cuda().view(torch.float8_e4m3fn)
    cache, weights, lengths, table = (
        torch.from_numpy(each).cuda() for each in (problem.cache, problem.weights, problem.lengths, problem.table)
    )
    schedule = aotgemm.get_paged_mqa_logits_metadata(lengths, 64, 132)
    logits = aotgemm.fp8_fp4_paged_mqa_logits(
        (q, None), cache, weights, lengths, table, schedule, 700, False, torch.bfloat16
    )
    assert logits.dtype == torch.bfloat16 and logits.stride() == (1024, 1)
    wanted = problem.expected(700, BF16)
    got = logits.cpu().view(torch.int16).numpy().view(np.uint16)
    for row, length in enumerate((100, 100, 700, 700)):
        np.testing.assert_array_equal(got[row, :length], bits(wanted[row, :length]))
