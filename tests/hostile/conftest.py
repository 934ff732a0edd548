"""Lets this folder use what neighbours make: packages, zips, keys, badges."""

import sys
from pathlib import Path

for _neighbour in ("faults", "delivery", "dialects"):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / _neighbour))
