"""Ways to run a call that must not matter: SMs, streams, load beside it; threads on the CPU."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from ... import _core
from ...problems.backends import CpuBackend, CudaBackend
from .calls import launch, make_problem
from .kinds import Kind, Size

FEW_SMS = (0, 30, 7)  # 0: all
LOAD_SIZE = {"gpu": Size((2048,), 4096, 4096), "cpu": Size((33,), 128, 512)}
LOADS = 4  # launches of the load before each call under it: some 100 us each on an H100
LOAD_KIND = Kind("fp8_gemm_1d2d", "dense", "nt", "bf16")


@dataclass(frozen=True)
class Way:
    """One of them. pdl: programmatic dependent launch; threads: of the CPU backend, 0 for all."""

    num_sms: int = 0
    other_stream: bool = False
    loaded: bool = False
    pdl: bool = False
    threads: int = 0

    def __str__(self) -> str:
        words = [f"{self.num_sms or 'all'} SMs"] if not self.threads else [f"{self.threads} threads"]
        words += ["other stream"] * self.other_stream + ["under load"] * self.loaded + ["PDL"] * self.pdl
        return ", ".join(words)


PLAIN = Way()


class Ways:
    """The ways of a place, and what it takes to run a call so."""

    def __init__(self, place: CpuBackend | CudaBackend, random: np.random.Generator) -> None:
        self.place, on_gpu = place, isinstance(place, CudaBackend)
        self.streams: list[Any] = [_core.Stream(place.ordinal) for _ in range(2)] if on_gpu else []
        self.load = make_problem(random, LOAD_KIND, LOAD_SIZE["gpu" if on_gpu else "cpu"], place)
        if on_gpu:
            self.all = [Way(*parts) for parts in product(FEW_SMS, *[(False, True)] * 3)]
        else:
            self.all = [Way(threads=threads, loaded=loaded) for threads, loaded in product((1, 2, 3, 4), (False, True))]

    @contextmanager
    def taken(self, way: Way) -> Iterator[dict[str, Any]]:
        """Runs the block that way; gives it the arguments for `launch`."""
        before = _core.get_num_sms(), _core.get_pdl()
        _core.set_num_sms(way.num_sms)
        _core.set_pdl(way.pdl)
        try:
            with self._busy_cpu() if way.loaded and not self.streams else nullcontext():
                if way.loaded and self.streams:
                    for _ in range(LOADS):
                        launch(self.load, stream=self.streams[1].handle)
                yield {"threads": way.threads, "stream": self.streams[0].handle if way.other_stream else None}
        finally:
            _core.set_num_sms(before[0])
            _core.set_pdl(before[1])

    @contextmanager
    def _busy_cpu(self) -> Iterator[None]:
        """Another thread makes calls meanwhile."""
        stop = threading.Event()
        thread = threading.Thread(target=_until(stop, lambda: launch(self.load)))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


def _until(stop: threading.Event, body: Callable[[], None]) -> Callable[[], None]:
    def loop() -> None:
        while not stop.is_set():
            body()

    return loop
