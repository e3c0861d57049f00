"""The state of the card around a run, as nvidia-smi tells it."""

import os
import subprocess
from typing import Any

# By the name in a saved run: the name that nvidia-smi has.
QUERIES = {
    "sm_clock_mhz": "clocks.sm",
    "memory_clock_mhz": "clocks.mem",
    "power_draw_w": "power.draw",
    "power_limit_w": "power.limit",
    "temperature_c": "temperature.gpu",
    "driver": "driver_version",
}
SECONDS = 20


def _device() -> str:
    """The first visible device, as nvidia-smi counts: it does not heed CUDA_VISIBLE_DEVICES."""
    return os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")[0] or "0"


def _value(text: str) -> float | str | None:
    """A number or a word; None where the card does not say."""
    if text.startswith("["):  # [N/A], [Not Supported]
        return None
    return float(text) if text.replace(".", "", 1).isdecimal() else text


def card_state() -> dict[str, Any] | None:
    """SM and memory clock, power draw and limit, temperature and driver now; None where nvidia-smi does not answer."""
    query = f"--query-gpu={','.join(QUERIES.values())}"
    command = ["nvidia-smi", "-i", _device(), query, "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return None
    cells = [cell.strip() for cell in done.stdout.splitlines()[0].split(",")] if done.stdout.strip() else []
    if done.returncode != 0 or len(cells) != len(QUERIES):
        return None
    return dict(zip(QUERIES, map(_value, cells), strict=True)) | {"driver": cells[-1]}
