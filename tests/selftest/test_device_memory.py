"""The self-test in device memory, of a driver that runs no kernel: the CPU backend computes in the same memory."""

import json

import pytest
from aotgemm import _core
from aotgemm.problems.kinds import KINDS
from fake_driver import build_fake_driver, run_on_fake

# Device memory of the fake driver is host memory, so a NumPy array can be a view of it.
RUN = """
import ctypes, json
import numpy as np
from aotgemm import _core
from aotgemm.problems.backends import CudaBackend
from aotgemm import _core
from aotgemm.problems.kinds import kernels_of
from aotgemm.problems.memory import numpy_dtype
from aotgemm.arrays.frameworks import span
from aotgemm.selftest import cases, large_grouped
from aotgemm.selftest.suites import GPU_SUITES
from aotgemm.selftest.tally import Tallies

def on_host(array):
    dtype = numpy_dtype(array.dtype)
    memory = (ctypes.c_uint8 * (span(array.shape, array.stride) * dtype.itemsize)).from_address(array.data_ptr)
    steps = [step * dtype.itemsize for step in array.stride]
    return np.lib.stride_tricks.as_strided(np.frombuffer(memory, dtype), array.shape, steps)

for module, name in ((cases, "call"), (cases, "call_public"), (large_grouped, "call")):
    def in_memory(problem, *kernel, right=getattr(module, name)):
        right(problem.mapped(on_host), *kernel)
    setattr(module, name, in_memory)

# This driver fills no memory, but copies.
CudaBackend.fill = lambda self, memory, byte: memory.copy_from(np.full(memory.nbytes, byte, np.uint8))
backend, tallies = CudaBackend(), Tallies()
trial, specs = cases.trial_on(backend), _core.specs()
for suite in GPU_SUITES:
    if "sm_90a" not in suite.form.family.archs:
        continue
    own = [spec for spec in specs if spec["arch"] == "sm_90a"]
    names = {kind: {kernels_of(kind, own)[0]["kernel"]: kind.name, -1: kind.name} for kind in suite.kinds}
    cases.run_suite(suite, "small", names, trial, tallies, 0, lambda name: None)
shape = large_grouped.LargeShape(groups=3, room=256, n=128, k=256, sampled=(0, 2))
names = {kind: {0: "large"} for kind in large_grouped.LARGE_KINDS}
large_grouped.run_large(shape, names, backend, tallies, 0, lambda name: None)
print(json.dumps([{name: tally.cases for name, tally in tallies.by_name.items()}, tallies.failures]))
"""


@pytest.fixture(scope="module")
def fake(tmp_path_factory):
    return build_fake_driver(tmp_path_factory.mktemp("driver"))


def test_operands_of_every_kind_lie_on_a_device_as_on_the_host(fake):
    cases, failures = json.loads(run_on_fake(fake, "-c", RUN))
    assert failures == []
    of_hopper = {name for name, kind in KINDS.items() if "sm_90a" in kind.form.family.archs}
    assert set(cases) == {*of_hopper, "large"} and cases["large"] == 4


def test_kernels_that_do_nothing_are_found(fake):
    """Of every kind, each one and the choice of the library."""
    script = "import sys; from aotgemm.cli import main; sys.exit(main(sys.argv[1:]) != 1)"
    report = json.loads(run_on_fake(fake, "-c", script, "selftest", "--small", "--json"))
    assert (report["cases"], report["specs"]) == (
        sum(tally["cases"] for tally in report["tallies"]),
        sum(spec["arch"] == "sm_90a" for spec in _core.specs()),
    )
    assert [tally["name"] for tally in report["tallies"] if not tally["differing"]] == []
