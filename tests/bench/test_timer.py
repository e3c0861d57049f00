"""The timer on simulated clocks: rounds in which the GPU waited for the host, or a clock jumped, run again."""

from types import SimpleNamespace

import pytest
from aotgemm.bench import timer
from aotgemm.bench.rounds import FIRST_ROUNDS, time_rounds
from aotgemm.bench.timer import TRIES, GpuTimer

FLUSH_US, CALL_US, GAP_US = 60.0, 20.0, 5.0


class Machine:
    """A host and a GPU with a queue; times in microseconds."""

    def __init__(self):
        self.host = self.gpu = 0.0
        self.jump = 0.0  # of the GPU's clock, at its next event

    def submit(self, gpu_us, host_us=GAP_US):
        """The GPU begins when it is free and was told."""
        self.host += host_us
        self.gpu = max(self.gpu, self.host) + gpu_us

    def synchronize(self, device):
        self.host = max(self.host, self.gpu)

    def event(self, device):
        return Event(self)


class Event:
    def __init__(self, machine):
        self.machine = machine

    def record(self):
        self.machine.submit(0.0, 1.0)
        self.at = self.machine.gpu + self.machine.jump
        self.machine.jump = 0.0

    def elapsed_us(self, end):
        self.machine.synchronize(0)
        return end.at - self.at


@pytest.fixture
def machine(monkeypatch):
    made = Machine()
    flush = SimpleNamespace(fill_bytes=lambda byte: made.submit(FLUSH_US))
    monkeypatch.setattr(timer, "DeviceArray", SimpleNamespace(empty=lambda *arguments: flush))
    monkeypatch.setattr(timer, "Event", made.event)
    monkeypatch.setattr(timer, "_core", SimpleNamespace(synchronize=made.synchronize))
    monkeypatch.setattr(timer.time, "perf_counter_ns", lambda: round(made.host * 1e3))
    return made


def counts(gpu_timer):
    return gpu_timer.rounds, gpu_timer.repeated, gpu_timer.disturbed


def test_an_undisturbed_round_runs_once(machine):
    calls = [lambda us=us: machine.submit(us) for us in (CALL_US, 3 * CALL_US)]
    gpu_timer = GpuTimer()
    assert gpu_timer.round_us(calls) == pytest.approx([CALL_US, 3 * CALL_US])
    assert gpu_timer.round_us([]) == [] and counts(gpu_timer) == (2, 0, 0)


def late_once(machine, host_us, times):
    """A call for which the host takes long, in its first `times` runs."""
    runs = []

    def run():
        runs.append(1)
        machine.submit(CALL_US, host_us if 1 < len(runs) <= 1 + times else GAP_US)  # not in the warm-up run

    return run


def test_a_round_with_a_late_host_is_repeated(machine):
    gpu_timer = GpuTimer()
    assert gpu_timer.round_us([late_once(machine, 10 * FLUSH_US, 1)]) == pytest.approx([CALL_US])
    assert counts(gpu_timer) == (1, 1, 0)


def test_a_host_that_is_always_late_is_told_of(machine):
    gpu_timer = GpuTimer()
    (us,) = gpu_timer.round_us([late_once(machine, 10 * FLUSH_US, 10**6)])
    assert us > 8 * FLUSH_US and counts(gpu_timer) == (1, TRIES - 1, 1)


def test_a_slow_host_that_stays_ahead_is_not_late(machine):
    gpu_timer = GpuTimer()
    assert gpu_timer.round_us([lambda: machine.submit(CALL_US, FLUSH_US)] * 2) == pytest.approx([CALL_US] * 2)
    assert counts(gpu_timer) == (1, 0, 0)


@pytest.mark.parametrize("jump", [-1e6, 1e6])
def test_a_round_with_a_jump_of_the_clock_is_repeated(machine, jump):
    gpu_timer, runs = GpuTimer(), []

    def run():
        runs.append(1)
        machine.submit(CALL_US)
        machine.jump = jump if len(runs) == 2 else 0.0  # seen by the event behind the first measured run

    assert gpu_timer.round_us([run]) == pytest.approx([CALL_US])
    assert counts(gpu_timer) == (1, 1, 0)


def test_every_round_times_every_call_in_an_order_of_its_own():
    orders = []

    def round_us(calls):
        orders.append([call() for call in calls])
        return [float(number) for number in orders[-1]]

    candidates = {str(number): lambda number=number: number for number in range(1, 6)}
    times = time_rounds(round_us, candidates, 9)
    assert times == {name: [float(name)] * 9 for name in candidates}
    assert len(orders) == 10 and len({tuple(order) for order in orders[1:]}) > 5


def test_candidates_far_from_the_best_are_dropped():
    times = time_rounds(lambda calls: [call() for call in calls], {"1": lambda: 1.0, "2": lambda: 2.0}, 9, 1.3)
    assert {name: len(series) for name, series in times.items()} == {"1": 9, "2": FIRST_ROUNDS}
