"""Times GPU calls one by one with a cold L2, on events of the device's default stream."""

import time
from collections.abc import Sequence

from .._core import DeviceArray, Event
from .rounds import Call

FLUSH_BYTES = 256 << 20  # several times the 50 MB L2 of an H100 or H200
WARM_UP_SECONDS = 0.5  # an idle GPU is below its clock


class GpuTimer:
    """One measurement is: overwrite FLUSH_BYTES, event, call, event. Calls must run on the default stream."""

    def __init__(self, device: int = 0) -> None:
        self._device = device
        self._flush = DeviceArray.empty([FLUSH_BYTES // 4], "int32", device)
        self._pairs: list[tuple[Event, Event]] = []

    def warm_up(self, call: Call) -> None:
        """Brings the GPU to its clock."""
        end = time.monotonic() + WARM_UP_SECONDS
        while time.monotonic() < end:
            self.round_us([call])

    def round_us(self, calls: Sequence[Call]) -> list[float]:
        """Runs each call once, in order; their times in microseconds. The host waits for the last alone.

        The GPU idles between rounds, and the first kernel after that is up to 7% slower (H100 80GB HBM3, 2026-11-24,
        4096 x 7168 x 16384), so the first call also runs once without being measured.
        """
        while len(self._pairs) < len(calls):
            self._pairs.append((Event(self._device), Event(self._device)))
        pairs = self._pairs[: len(calls)]
        if calls:
            self._flush.fill_bytes(0)
            calls[0]()
        for call, (start, end) in zip(calls, pairs, strict=True):
            self._flush.fill_bytes(0)
            start.record()
            call()
            end.record()
        return [start.elapsed_us(end) for start, end in reversed(pairs)][::-1]
