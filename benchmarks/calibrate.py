"""Fits the constants of cpp/dispatch/select/cost_model.cpp to measurements of `aotgemm tune`, and says what its
choices cost.

    python -m benchmarks.calibrate h100.jsonl [--folds 4] [--restarts 3] [--json report.json]

Regret is the time of the kernel that the model predicts fastest over that of the fastest. It is reported on shapes that
the fit has not seen: shapes (N, K), with all their M, are dealt into folds, and each fold is judged by constants fitted
to the others. The constants printed last are fitted to all shapes. Nothing is written into the source.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from aotgemm import _core
from aotgemm.cli.output import print_table
from aotgemm.problems.kinds import Kind, kernels_of
from aotgemm.tune.grids import TUNED_KINDS
from aotgemm.tune.points import Point
from aotgemm.tune.results import ResultsFile
from aotgemm.tune.summary import percentile
from rich.progress import track

from benchmarks.cost_model import CostModel
from benchmarks.fit import Measured, fit

UNSEEN_M, UNSEEN_N, UNSEEN_K = [2**i for i in range(15)], range(256, 32769, 832), (512, 1536, 4096, 7168, 16384)


@dataclass(frozen=True)
class Dataset:
    """Measurements of some points as arrays, and what the model needs to predict them."""

    measured: Measured
    kernels: np.ndarray
    sizes: np.ndarray
    kinds: tuple[str, ...]

    @classmethod
    def of(cls, file: ResultsFile, points: Iterable[Point]) -> Dataset:
        index = {spec["name"]: spec["kernel"] for spec in _core.specs()}
        starts, us, kernels, sizes, kinds = [], [], [], [], set()
        for point in points:
            starts.append(len(us))
            kinds.add(point.problem[:4])
            for name in sorted(file.results[point], key=index.__getitem__):  # ties go to the earlier, as in the library
                us.append(file.results[point][name].us)
                kernels.append(index[name])
                sizes.append((point.m, point.n, point.k, point.groups))
        (only,) = kinds
        return cls(Measured(np.array(starts), np.array(us)), np.array(kernels), np.array(sizes), only)


class Calibration:
    """A model, measurements of a kind of problem, and the device they are of."""

    def __init__(self, model: CostModel, kind: Kind, file: ResultsFile, restarts: int) -> None:
        self.model, self.kind, self.file, self.restarts = model, kind, file, restarts
        self.device = file.header["device"]
        self.shapes = sorted({(point.n, point.k) for point in file.results})

    def _points(self, wanted: Callable[[int], bool]) -> list[Point]:
        """Of the shapes whose place in the list is wanted."""
        shapes = {shape for place, shape in enumerate(self.shapes) if wanted(place)}
        return sorted(point for point in self.file.results if (point.n, point.k) in shapes)

    def predict(self, constants: np.ndarray, data: Dataset) -> np.ndarray:
        return self.model.predict(constants, data.kernels, data.sizes, data.kinds, self.device)

    def fitted(self, points: list[Point]) -> np.ndarray:
        data = Dataset.of(self.file, points)
        return fit(
            lambda constants: data.measured.loss(self.predict(constants, data)), self.model.stated, self.restarts
        )

    def regrets(self, constants: np.ndarray, points: list[Point]) -> list[float]:
        data = Dataset.of(self.file, points)
        return data.measured.regrets(self.predict(constants, data)).tolist()

    def held_out(self, folds: int) -> list[float]:
        """Regrets of every point by constants fitted without its shape."""
        regrets: list[float] = []
        for fold in track(range(folds), description="folds"):
            constants = self.fitted(self._points(lambda place: place % folds != fold))
            regrets += self.regrets(constants, self._points(lambda place: place % folds == fold))
        return regrets

    def all_points(self) -> list[Point]:
        return self._points(lambda place: True)

    def unused(self, constants: np.ndarray) -> list[str]:
        """Kernels that win no measured point and that the model picks for none of many other shapes."""
        winners = {min(measured, key=lambda name: measured[name].us) for measured in self.file.results.values()}
        names = {spec["kernel"]: spec["name"] for spec in kernels_of(self.kind)}
        kernels, groups = list(names), {point.groups for point in self.file.results}
        sizes = np.array([(m, n, k, g) for m in UNSEEN_M for n in UNSEEN_N for k in UNSEEN_K for g in sorted(groups)])
        each = np.repeat(sizes, len(kernels), axis=0)
        us = self.model.predict(constants, np.tile(kernels, len(sizes)), each, self.kind.words, self.device)
        picked = {kernels[place] for place in us.reshape(len(sizes), -1).argmin(1)}
        return [names[kernel] for kernel in kernels if kernel not in picked and names[kernel] not in winners]


def summary(regrets: list[float]) -> dict[str, float]:
    return {"median": percentile(regrets, 50), "p95": percentile(regrets, 95), "worst": max(regrets)}


def calibrate(calibration: Calibration, folds: int) -> dict:
    """The report: regrets of the constants in the source, of fitted ones on shapes not seen, and of the final ones."""
    points = calibration.all_points()
    held_out = calibration.held_out(folds)
    constants = calibration.fitted(points)
    return {
        "card": calibration.device["name"],
        "points": len(points),
        "regret": {
            "constants in the source": summary(calibration.regrets(calibration.model.stated, points)),
            f"fitted, shapes held out ({folds} folds)": summary(held_out),
            "fitted, all shapes": summary(calibration.regrets(constants, points)),
        },
        "constants": dict(zip(calibration.model.names, constants.tolist(), strict=True)),
        "unused": calibration.unused(constants),
    }


def _print(report: dict, stated: dict[str, float]) -> None:
    rows = [[name, *values.values()] for name, values in report["regret"].items()]
    print_table(("regret", "median", "95th percentile", "worst"), rows, f"{report['card']}, {report['points']} points")
    print_table(("constant", "in the source", "fitted"), [[n, stated[n], v] for n, v in report["constants"].items()])
    print_table(("kernel",), [[name] for name in report["unused"]], "Kernels that win nowhere and are never picked")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, help="a results file of `aotgemm tune`")
    parser.add_argument("--kind", choices=list(TUNED_KINDS), default="fp8_gemm_1d2d")
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--restarts", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write the report here too")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = CostModel(Path(folder))
        kind = TUNED_KINDS[arguments.kind]
        calibration = Calibration(model, kind, ResultsFile(arguments.results, kind), arguments.restarts)
        report = calibrate(calibration, arguments.folds)
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    _print(report, dict(zip(model.names, model.stated.tolist(), strict=True)))


if __name__ == "__main__":
    main()
