"""Writes every generated file, or says which ones are stale.

Belongs here: the list of what is generated. Does not belong here: how any of it looks.
"""

from pathlib import Path

from pipelines.contracts import (
    dbt,
    dictionary,
    docs,
    forms,
    products,
    profile_page,
    register,
    requirement_page,
    seeds,
)
from pipelines.contracts.load import load_contracts
from pipelines.contracts.model import Contracts
from pipelines.metrics import page as metric_page


def generated(contracts: Contracts) -> dict[Path, str]:
    """Every generated file with the text it should have."""
    return {
        **dbt.render(contracts),
        **dictionary.render(),
        **docs.render(contracts),
        **forms.render(contracts),
        **metric_page.render(),
        **products.render(),
        **profile_page.render(contracts),
        **register.render(contracts),
        **requirement_page.render(contracts),
        **seeds.render(contracts),
    }


def sync(*, check: bool = False, contracts: Contracts | None = None) -> list[Path]:
    """Brings the generated files up to date with the contracts.

    Args:
        check: Write nothing.
        contracts: The contracts; those of this checkout by default.

    Returns:
        The files that were stale, missing, or generated once and now without a source.
    """
    wanted = generated(contracts or load_contracts())
    stale = [
        path
        for path, text in wanted.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    left_over = [
        path
        for folder in {path.parent for path in wanted if path.parent != docs.FOLDER}
        for path in sorted(folder.glob("*"))
        if path not in wanted and path.is_file() and _is_generated(path)
    ]
    if not check:
        for path in stale:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[path], encoding="utf-8")
        for path in left_over:
            path.unlink()
    return sorted([*stale, *left_over])


def _is_generated(path: Path) -> bool:
    with path.open(encoding="utf-8", errors="replace") as lines:
        return "generated from data_contracts/" in lines.readline()
