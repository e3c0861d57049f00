"""Grouped kernels over groups of every size, with padding wherever it may be and groups that start anywhere.

As a script, `padding_problems.py PATTERN SEED MOST`: a line of JSON for each problem of each kernel of that name, at
most MOST for each alignment. The PTX machine runs it in a process of its own.
"""

import json
import os
import subprocess
import sys
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path

import aotgemm
import numpy as np
from aotgemm import _core
from aotgemm.problems.backends import CpuBackend, CudaBackend
from aotgemm.problems.call import call
from aotgemm.problems.kinds import KINDS, words_of
from aotgemm.problems.make import lay_out
from aotgemm.problems.sizes import row_groups
from aotgemm.problems.values import draw
from aotgemm.problems.views import placement_of

GROUPINGS = ("contiguous", "psum", "masked")
ALIGNMENTS = (2, 5, 16, 48, 64, 100, 127, 160, 224)


def run_padding_problems(machine, ptx, folder, pattern, seed, most=5, schedules="in_turn", sms=3, capability="9.0"):
    """What each problem gave, and the findings."""
    findings = folder / "findings"
    environment = os.environ | {
        "LD_LIBRARY_PATH": str(machine),
        "PYTHONPATH": os.pathsep.join([str(Path(aotgemm.__file__).parents[1]), str(Path(__file__).parent)]),
        "CUDA_VISIBLE_DEVICES": "0",
        "AOTGEMM_PTX_FOLDER": str(ptx),
        "AOTGEMM_PTX_SCHEDULES": schedules,
        "AOTGEMM_PTX_SMS": str(sms),
        "AOTGEMM_PTX_CAPABILITY": capability,
        "AOTGEMM_PTX_FINDINGS": str(findings),
    }
    command = [sys.executable, __file__, pattern, str(seed), str(most)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()], findings.read_text() if findings.exists() else ""


def counts_of(grouping, random):
    """Sizes of groups: every one from 1 to 130 in random order, then few, some of them empty, the last one short."""
    yield tuple(random.permutation(np.arange(1, 131)).tolist())
    for _ in range(3):
        counts = np.where(random.random(9) < 0.3, 0, random.integers(0, 300, 9))
        yield *counts.tolist(), int(random.integers(1, 120))
    if grouping == "masked":
        yield 0, 256, 0, 192


def is_paired(spec):
    """Whether two blocks multiply tile rows of one group."""
    return spec["cluster_m"] == 2 and spec["arch"] == "sm_90a"


def is_tall(spec):
    """Whether each of the first sizes of groups fills one tile at most."""
    return spec["grouping"] == "psum" and spec["block_m"] > 128


def problems_of(spec, grouping, most, random):
    """(sizes of groups, N, K): with pairs, groups of one to five tile rows, up to three columns of tiles, and K
    past the pipeline's stages; tall tiles meet groups of one or two as well, with more columns than a pair has."""
    counts = counts_of(grouping, random)
    for sizes in islice(counts, int(is_paired(spec)), most + int(is_paired(spec) or is_tall(spec))):
        columns = int(random.integers(1, 4)) if is_paired(spec) else 3 if is_tall(spec) and max(sizes) > 130 else 1
        n = columns * spec["block_n"] + 8 * int(random.integers(-3, 4))
        yield sizes, n, 16 * int(random.integers(1, 70 if is_paired(spec) else 5))


def with_holes(index, random):
    """A grouped_layout with -1 in the middle of spans, at their starts, and in whole spans."""
    index = np.where(random.random(len(index)) < 0.2, -1, index)
    for start in range(0, len(index), 128):
        chance, span = random.random(), index[start : start + 128]
        if chance < 0.1:
            span[:] = -1
        elif chance < 0.6:
            first, last = sorted(random.integers(0, len(span) + 1, 2))
            span[first:last] = -1
    return index.astype(np.int32)


def first_rows(array, count):
    """The first rows of a NumPy array or a DeviceArray."""
    if isinstance(array, np.ndarray):
        return array[:count]
    return array.as_strided([count, *array.shape[1:]], array.stride)


def shortened(problem, rows):
    """The problem with so many rows of A and D."""
    names = ["a", "sfa", "d"] if problem.sfa is not None else ["a", "d"]
    names += ["index"] if problem.kind.grouping == "contiguous" else []
    return replace(problem, **{name: first_rows(getattr(problem, name), rows) for name in names})


def differing(kind, kernel, counts, n, k, random):
    """Bytes of D and of what is around it that differ from the CPU backend's."""
    size = row_groups(counts, n, k)
    operands = draw(kind, size, random, "finite")
    problems = [lay_out(kind, size, operands, backend) for backend in (CudaBackend(), CpuBackend())]
    if kind.grouping == "contiguous":
        index = with_holes(problems[1].index, random)
        problems = [replace(problem, index=problem.backend.put(index)) for problem in problems]
    if kind.grouping != "masked":
        last = np.flatnonzero(placement_of(kind, size).group_of_row >= 0)[-1] + 1
        rows = int(random.integers(last, problems[1].a.shape[0] + 1))
        problems = [shortened(problem, rows) for problem in problems]
    on_gpu, on_cpu = problems
    call(on_gpu, kernel)
    call(on_cpu)
    return int((on_gpu.read().view(np.uint8) != on_cpu.read().view(np.uint8)).sum())


def outcomes(spec, seed, most):
    """What differs in each problem of a kernel; a psum kernel meets alignments 128, 1 and one of the others."""
    kind = next(kind for kind in KINDS.values() if kind.words == words_of(spec))
    random = np.random.default_rng([seed, spec["kernel"]])
    others = (1, int(random.choice(ALIGNMENTS))) if kind.grouping == "psum" else ()
    before = _core.get_psum_alignment()
    try:
        for alignment in (_core.group_alignment(), *others):
            _core.set_psum_alignment(alignment)
            for counts, n, k in problems_of(spec, kind.grouping, most, random):
                wrong = differing(kind, spec["kernel"], counts, n, k, random)
                words = f"{spec['name']} alignment {alignment} counts {counts} N={n} K={k}"
                yield {"problem": words, "differing": wrong}
    finally:
        _core.set_psum_alignment(before)


def grouped_specs():
    return [spec for spec in _core.specs() if spec["grouping"] in GROUPINGS]


if __name__ == "__main__":
    for one in grouped_specs():
        if fnmatchcase(one["name"], sys.argv[1]):
            for outcome in outcomes(one, int(sys.argv[2]), int(sys.argv[3])):
                print(json.dumps(outcome), flush=True)
