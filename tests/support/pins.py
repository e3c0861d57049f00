"""What tests/pins/NAME.json says of each family: kernels by architecture, the hash of their sources and, of GEMMs, the
cases of one kernel in the self-test by grouping, at the levels full, quick and small."""

import json
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "pins"
PINS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}
