"""Reads ``data_contracts/metrics``, all mistakes at once.

Belongs here: the only code that opens these files. Does not belong here: their shapes
(``model.py``).
"""

from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from yaml import YAMLError

from pipelines.contracts.model import ContractError
from pipelines.contracts.yaml_text import read_yaml
from pipelines.errors import UsageError
from pipelines.metrics.model import Definitions, Metric, mistakes
from pipelines.settings import DATA_CONTRACTS

SHARED = ("inputs", "rules")


@lru_cache(maxsize=4)
def load_definitions(folder: Path = DATA_CONTRACTS / "metrics") -> Definitions:
    """Every metric of a folder with the shared rules and inputs.

    Raises:
        ContractError: One line a mistake.
    """
    given: dict[str, Any] = {"metrics": {}}
    try:
        for name in SHARED:
            given |= _read(folder / f"{name}.yaml")
        for path in sorted(folder.glob("*.yaml")):
            if path.stem not in SHARED:
                given["metrics"][path.stem] = _read(path)
        found = Definitions.model_validate(given)
    except ValidationError as error:
        raise ContractError(
            "\n".join(
                f"metrics: {'.'.join(map(str, detail['loc']))}: {detail['msg']}"
                for detail in error.errors(include_input=False, include_url=False)
            )
        ) from None
    wrong = [
        f"metrics/{name}.yaml: its id is {metric.id}"
        for name, metric in found.metrics.items()
        if metric.id != name
    ]
    if wrong := [*wrong, *(f"metrics: {line}" for line in mistakes(found))]:
        raise ContractError("\n".join(wrong))
    return found


def find_metric(definitions: Definitions, name: str) -> Metric:
    """The metric of that id.

    Raises:
        UsageError: There is none; the message names those there are.
    """
    metric = definitions.metrics.get(name)
    if metric is None:
        raise UsageError(
            f"{name}: no such metric; there are {', '.join(definitions.metrics)}"
        )
    return metric


def _read(path: Path) -> Any:
    try:
        return read_yaml(path.read_text(encoding="utf-8"))
    except YAMLError as error:
        reason = " ".join(str(error).split())
        raise ContractError(f"metrics/{path.name}: {reason}") from None
