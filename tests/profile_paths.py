"""Where the properties of a document stand, as the mapping profile writes it."""

from collections.abc import Iterator
from typing import Any

from pipelines.contracts.load import load_contracts
from pipelines.contracts.products import load_products
from pipelines.contracts.profile import load_profile


def paths(value: Any, at: str = "") -> Iterator[str]:
    """The path of every scalar below ``value``: ``a.b[].c``."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from paths(inner, f"{at}.{name}" if at else name)
    elif isinstance(value, list):
        for inner in value:
            yield from paths(inner, f"{at}[]")
    else:
        yield at


def declared_paths() -> dict[str, set[str]]:
    """By kind of claim, the paths that the mapping profile declares."""
    profile = load_profile(load_contracts(), load_products())
    return {kind.kind: {one.path for one in kind.properties} for kind in profile.kinds}


def unsigned(credential: dict[str, Any]) -> dict[str, Any]:
    """A credential without what publishing adds."""
    added = ("proof", "credentialStatus")
    return {name: value for name, value in credential.items() if name not in added}
