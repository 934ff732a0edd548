"""Names of delivered files: which are plain, and which two are one on another disk.

Belongs here: the one rule for names in folders, archives and drop zones. Does not
belong here: names of deliveries (``landing.inbox``).
"""

import re
from collections import Counter
from collections.abc import Sequence

# As the manifest may name them, and with the ending of an OpenPGP file.
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}(?:\.pgp|\.gpg)?", re.ASCII)
# What a transfer program calls a file while it writes it.
_PARTIAL = (".part", ".filepart", ".partial", ".tmp", ".crdownload")


def plain_name(name: str) -> bool:
    """Whether a file of a package may be called that."""
    return _PLAIN.fullmatch(name) is not None


def is_passing(name: str) -> bool:
    """Whether a name says that the file is hidden, or still being written."""
    return name.startswith(".") or name.lower().endswith(_PARTIAL)


def twins(names: Sequence[str]) -> list[str]:
    """Names that another one equals but for case; the same name twice counts too."""
    counts = Counter(name.casefold() for name in names)
    return sorted(name for name in names if counts[name.casefold()] > 1)
