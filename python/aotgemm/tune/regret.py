"""What choices by fitted rates cost: the time of the kernel predicted fastest over that of the fastest."""

from dataclasses import replace
from typing import Any

import numpy as np

from .fit import Rates, fit
from .model import Columns, count, predict
from .points import Results

FOLDS = 4


def regrets(results: Results, rates: Rates, specs: list[dict[str, Any]], device_sms: int) -> list[float]:
    """One for each point. Sizes of groups that only the device knows stay hidden; ties go to the earlier kernel."""
    by_name = {spec["name"]: (place, spec) for place, spec in enumerate(specs)}
    found = []
    for point, measured in results.items():
        names = sorted(measured, key=lambda name: by_name[name][0])
        known = replace(point, counts=())
        counts = Columns.of([count(known, by_name[name][1], device_sms) for name in names])
        predicted = predict(rates.tiles[:, [by_name[name][0] for name in names]], rates.kind, counts)
        best = min(one.us for one in measured.values())
        found.append(measured[names[int(np.argmin(predicted))]].us / best)
    return found


def held_out_regrets(results: Results, specs: list[dict[str, Any]], device_sms: int) -> list[float]:
    """Of every point by rates fitted without its fold: points are dealt into FOLDS in their order."""
    points, found = list(results.items()), []
    for fold in range(min(FOLDS, len(points) // 2)):
        others = {point: one for place, (point, one) in enumerate(points) if place % FOLDS != fold}
        rates = fit(others, specs, device_sms)
        found += regrets(dict(points[fold::FOLDS]), rates, specs, device_sms)
    return found
