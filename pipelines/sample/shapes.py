"""Which colleges of a generated state deliver in which dialect, and their profiles.

Belongs here: the mixed state, where ten colleges each have a shape and an encoding of
their own, and the contracts that agree to it. Does not belong here: how a dialect is
written (``sample.dialects``).
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from pipelines.contracts.load import load_contracts
from pipelines.contracts.yaml_text import read_yaml
from pipelines.errors import UsageError
from pipelines.sample.dialects import banner, fixed, open_badges, pesc, writer
from pipelines.sample.write import Spoken
from pipelines.settings import contracts_root

# The other four of the ten deliver generic files: UTF-8, Latin-1, gzip and Parquet
# among them (``data/college_profile.csv``).
_DIALECTS = {
    "INGRAM": ("banner",),
    "REID": ("banner", "nsc_studenttracker"),
    "DRAKE": ("colleague",),
    "MMI": ("colleague", "open_badges"),
    "CACC": ("fixed",),
    "WCCS": ("pesc", "open_badges"),
}
SYSTEM = "accs"


@dataclass(frozen=True)
class Shape:
    """How one college delivers.

    Attributes:
        dialects: The main one first; a feed is written by the first that carries it.
        profile: The college's YAML, which a writer may look at.
    """

    dialects: tuple[str, ...]
    profile: Mapping[str, Any] = field(default_factory=dict)


def mixed_shapes(system: str, seed: int) -> dict[str, Shape]:
    """Institution code to shape, for the colleges that do not deliver generic files.

    Raises:
        UsageError: The system has no such colleges.
    """
    if system != SYSTEM:
        raise UsageError(f"mixed shapes are made for {SYSTEM} only")
    settings = {
        "banner": dict(banner.SETTINGS),
        "open_badges": open_badges.issuer_profile(seed),
        "pesc": dict(pesc.SETTINGS),
    }
    layouts = fixed.plain_layouts(load_contracts())
    found = {}
    for code, dialects in _DIALECTS.items():
        path = contracts_root() / "colleges" / f"{code}.yaml"
        profile = read_yaml(path.read_text(encoding="utf-8"))
        profile |= {"dialect": dialects[0], "seed": seed}
        if dialects[1:]:
            profile["also"] = list(dialects[1:])
        mine = {name: settings[name] for name in dialects if name in settings}
        if mine:
            profile["dialect_settings"] = mine
        if "fixed" in dialects:
            profile["layouts"] = layouts
        found[code] = Shape(dialects, profile)
    return found


def in_dialects(
    shape: Shape, text: Mapping[str, pl.DataFrame]
) -> tuple[list[Spoken], frozenset[str]]:
    """A college's feeds as files of its systems.

    Args:
        shape: How it delivers.
        text: Each feed as its generic file would show it.

    Returns:
        The files, and the feeds they carry.
    """
    files: list[Spoken] = []
    carried: frozenset[str] = frozenset()
    for dialect in shape.dialects:
        one = writer(dialect)
        mine = one.carries - carried
        if not mine & text.keys():
            continue
        files += [
            Spoken(dialect, file.table, file.name, file.rows, file.data, file.encoding)
            for file in one.tables(text, shape.profile)
        ]
        carried |= mine & text.keys()
    return files, carried


def write_contracts(folder: Path, shapes: Mapping[str, Shape]) -> None:
    """The contracts in use, with these colleges' profiles, as a folder of their own."""
    if folder.exists():
        shutil.rmtree(folder)
    shutil.copytree(contracts_root(), folder)
    for code, shape in shapes.items():
        profile = {
            name: value for name, value in shape.profile.items() if name != "seed"
        }
        text = yaml.safe_dump(profile, sort_keys=False, allow_unicode=True)
        (folder / "colleges" / f"{code}.yaml").write_text(text, encoding="utf-8")
