"""Lets this folder use the packages of ``tests/faults``, the zips of ``delivery``."""

import sys
from pathlib import Path

for _neighbour in ("faults", "delivery"):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / _neighbour))
