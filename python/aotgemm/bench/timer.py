"""Times GPU calls one by one with a cold L2, on events of the device's default stream."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from .. import _core
from .._core import DeviceArray, Event
from .rounds import Call

FLUSH_BYTES = 256 << 20  # several times the 50 MB L2 of an H100 or H200
WARM_UP_SECONDS = 0.5  # an idle GPU is below its clock
TRIES = 5  # of one round that the host or a clock disturbs
CLOCKS_AGREE = 1.001  # how far the clocks of host and GPU may differ in speed; crystals differ by far less


@dataclass(frozen=True)
class _Round:
    """One round in microseconds: of each call its time, when the GPU came to it and when the host had submitted it,
    both counted from the round's start; then the length of the round by the GPU's clock and by the host's."""

    us: list[float]
    reached: list[float]
    submitted: list[float]
    gpu_length: float
    host_length: float

    @property
    def host_was_late(self) -> bool:
        """Whether the GPU may have waited for the host within the time of a call.

        The GPU's count starts some microseconds after the host's, so a call that is submitted just in time counts as
        late; none that is late counts as in time.
        """
        return any(submitted > reached for submitted, reached in zip(self.submitted, self.reached, strict=True))

    @property
    def clock_jumped(self) -> bool:
        """Whether the GPU's clock says what cannot be: a time of nothing, or a round longer than the host saw it."""
        return min(self.us, default=1.0) <= 0 or self.gpu_length > self.host_length * CLOCKS_AGREE


class GpuTimer:
    """One measurement is: overwrite FLUSH_BYTES, event, call, event. Calls must run on the default stream.

    rounds counts all rounds, repeated those that were thrown away and run again, disturbed those that were kept after
    TRIES all the same.
    """

    def __init__(self, device: int = 0) -> None:
        self._device = device
        self._flush = DeviceArray.empty([FLUSH_BYTES // 4], "int32", device)
        self._origin = Event(device)
        self._pairs: list[tuple[Event, Event]] = []
        self.rounds = self.repeated = self.disturbed = 0

    def warm_up(self, call: Call) -> None:
        """Brings the GPU to its clock."""
        end = time.monotonic() + WARM_UP_SECONDS
        while time.monotonic() < end:
            self._run([call])

    def round_us(self, calls: Sequence[Call]) -> list[float]:
        """Runs each call once, in order; their times in microseconds. The host waits for the last alone.

        A round in which the GPU waited for the host, or a clock jumped, is repeated, TRIES times in all at most.
        """
        self.rounds += 1
        for _ in range(TRIES - 1):
            done = self._run(calls)
            if not (done.host_was_late or done.clock_jumped):
                return done.us
            self.repeated += 1
        done = self._run(calls)
        self.disturbed += done.host_was_late or done.clock_jumped
        return done.us

    def _run(self, calls: Sequence[Call]) -> _Round:
        """The GPU idles between rounds, and the first kernel after that is up to 7% slower (H100 80GB HBM3, 2026-11-24,
        4096 x 7168 x 16384), so the first call also runs once without being measured."""
        pairs = self._events(len(calls))
        _core.synchronize(self._device)
        begun, submitted = time.perf_counter_ns(), []
        self._origin.record()
        if calls:
            self._flush.fill_bytes(0)
            calls[0]()
        for call, (start, end) in zip(calls, pairs, strict=True):
            self._flush.fill_bytes(0)
            start.record()
            call()
            end.record()
            submitted.append((time.perf_counter_ns() - begun) / 1e3)
        gpu_length = self._origin.elapsed_us(pairs[-1][1]) if pairs else 0.0
        host_length = (time.perf_counter_ns() - begun) / 1e3
        us = [start.elapsed_us(end) for start, end in pairs]
        reached = [self._origin.elapsed_us(start) for start, _ in pairs]
        return _Round(us, reached, submitted, gpu_length, host_length)

    def _events(self, count: int) -> list[tuple[Event, Event]]:
        """Pairs of events, made once."""
        while len(self._pairs) < count:
            self._pairs.append((Event(self._device), Event(self._device)))
        return self._pairs[:count]
