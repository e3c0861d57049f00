"""The picture of a launch shows every warp, copy and matrix instruction of its first cluster, in order."""

import json
import re

from machine_kernel import run_kernel
from machine_mutations import SUBJECTS
from machine_runner import Task, run_tasks
from tcgen05_kernel import Case, products_launch

RUNS, WAITS, LOAD, STORE, WGMMA = range(5)


def spans_of(page):
    return json.loads(re.search(r"const spans = (\[.*?\]);\nconst kinds", page, re.DOTALL).group(1))


def test_the_picture_of_a_pair_of_blocks(machine, ptx, tmp_path):
    subject, file = SUBJECTS["pair"], tmp_path / "timeline.html"
    task = Task(subject.family, subject.kernel, subject.m, subject.n, subject.k, str(ptx), timeline=str(file))
    (outcome,) = run_tasks(machine, [task], 1)
    (launch,) = outcome.launches
    assert (outcome.error, outcome.differing, launch["clusters"]) == ("", 0, 1)
    page = file.read_text()
    assert f"<title>{subject.kernel}</title>" in page and "http" not in page
    spans = spans_of(page)
    warps = {f"block {block}, warp {warp:02}" for block in range(2) for warp in range(12)}
    assert warps == {row for row, kind, *_ in spans if kind in (RUNS, WAITS)}
    assert sum(kind in (LOAD, STORE) for _, kind, *_ in spans) == launch["copies"]
    assert sum(kind == WGMMA for _, kind, *_ in spans) == launch["wgmma"]
    for row in warps:  # a warp does one thing after another
        times = [(start, end) for name, _, start, end, *_ in spans if name == row]
        assert all(before[1] <= after[0] for before, after in zip(times, times[1:]))


def test_the_picture_of_a_tensor_core(machine, tmp_path, monkeypatch):
    file, case = tmp_path / "timeline.html", Case("f16", "bf16", "bf16", 256, 64, group=2)
    monkeypatch.setenv("AOTGEMM_PTX_TIMELINE", str(file))
    assert run_kernel(machine, products_launch(case)).kinds() == set()
    spans = spans_of(file.read_text())
    products = [span[2:4] for span in spans if span[:2] == ["block 0, tensor core", WGMMA]]
    assert len(products) == case.steps and products[0][1] <= products[1][0]
    waits = [span for span in spans if span[1] == WAITS and "mbarrier" in span[4]]
    assert {span[0][:7] for span in waits} == {"block 0", "block 1"}
    assert all(products[-1][1] <= end for _, _, _, end, *_ in waits)
