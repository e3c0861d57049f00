"""Variants of a launch that must not matter: SMs, streams, load beside it; threads on the CPU."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from ... import _core
from ...problems.backends import Backend, CudaBackend
from ...problems.call import call
from ...problems.kinds import KINDS
from ...problems.make import make
from ...problems.sizes import Size

FEW_SMS = (0, 30, 7)  # 0: all
LOAD_SIZE = {"gpu": Size(2048, 4096, 4096), "cpu": Size(33, 128, 512)}
LOADS = 4  # launches of the load before each call under it: some 100 us each on an H100
LOAD_KIND = KINDS["fp8_gemm_1d2d"]


@dataclass(frozen=True)
class LaunchVariant:
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


PLAIN = LaunchVariant()


class LaunchVariants:
    """The variants of a backend, and what it takes to run a call so."""

    def __init__(self, backend: Backend, rng: np.random.Generator) -> None:
        self.backend, on_gpu = backend, isinstance(backend, CudaBackend)
        self.streams: list[Any] = [_core.Stream(backend.ordinal) for _ in range(2)] if on_gpu else []
        self.load = make(LOAD_KIND, LOAD_SIZE["gpu" if on_gpu else "cpu"], backend, rng, values="finite")
        if on_gpu:
            self.all = [LaunchVariant(*parts) for parts in product(FEW_SMS, *[(False, True)] * 3)]
        else:
            self.all = [
                LaunchVariant(threads=threads, loaded=loaded)
                for threads, loaded in product((1, 2, 3, 4), (False, True))
            ]

    @contextmanager
    def applied(self, variant: LaunchVariant) -> Iterator[dict[str, Any]]:
        """Runs the block in that variant; gives it the arguments for `call`."""
        before = _core.get_num_sms(), _core.get_pdl()
        _core.set_num_sms(variant.num_sms)
        _core.set_pdl(variant.pdl)
        try:
            with self._busy_cpu() if variant.loaded and not self.streams else nullcontext():
                if variant.loaded and self.streams:
                    for _ in range(LOADS):
                        call(self.load, stream=self.streams[1].handle)
                yield {"threads": variant.threads, "stream": self.streams[0].handle if variant.other_stream else None}
        finally:
            _core.set_num_sms(before[0])
            _core.set_pdl(before[1])

    @contextmanager
    def _busy_cpu(self) -> Iterator[None]:
        """Another thread makes calls meanwhile."""
        stop = threading.Event()
        thread = threading.Thread(target=_until(stop, lambda: call(self.load)))
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
