"""The mapping profile: which column becomes which property of a learner record.

Belongs here: reading ``data_contracts/profile/clr.yaml`` into objects, and putting the
example of a claim together. Does not belong here: how the page looks
(``profile_page``), and making the documents
(``dbt_project/models/published/pub_record_document.sql``).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from yaml import YAMLError

from pipelines.contracts.model import ContractError, Contracts
from pipelines.contracts.products import Product
from pipelines.contracts.yaml_text import read_yaml
from pipelines.settings import DATA_CONTRACTS

CONSTANT = "constant"


@dataclass(frozen=True)
class Property:
    """A property of a document.

    Attributes:
        path: Where it stands: names joined by points, ``[]`` after a list.
        columns: ``table.column`` of the published tables; empty for a constant.
        example: Its value in an example; None where examples leave it out.
    """

    path: str
    columns: tuple[str, ...]
    example: Any = None
    about: str = ""


@dataclass(frozen=True)
class ResultKind:
    """A result that a claim can have: name, CLR 2.0 resultType and its column."""

    name: str
    result_type: str
    column: str


@dataclass(frozen=True)
class ClaimKind:
    """A kind of claim.

    Attributes:
        kind: As in ``assertion.kind``.
        types: CLR 2.0 achievementType with the condition under which it is that.
        properties: All that a claim of the kind can have, those of every kind first.
        own: Of these, what is not the same for every kind.
        example: A claim of the kind, unsigned.
    """

    kind: str
    title: str
    feed: str
    fact: str
    about: str
    types: tuple[tuple[str, str], ...]
    properties: tuple[Property, ...]
    own: tuple[Property, ...]
    results: tuple[ResultKind, ...]
    example: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Profile:
    """The whole profile: the record, what every claim has, and the kinds of claim."""

    version: str
    record: tuple[Property, ...]
    claim: tuple[Property, ...]
    kinds: tuple[ClaimKind, ...]


def load_profile(
    contracts: Contracts,
    products: Mapping[str, Product],
    path: Path = DATA_CONTRACTS / "profile" / "clr.yaml",
) -> Profile:
    """Reads the profile.

    Raises:
        ContractError: A column, feed, block or path that nothing declares; one line
            for each.
    """
    try:
        given = read_yaml(path.read_text(encoding="utf-8"))
        profile = _profile(given)
    except KeyError as error:
        raise ContractError(f"{path.name}: {error} is missing") from None
    except YAMLError as error:
        reason = " ".join(str(error).split())
        raise ContractError(f"{path.name}: {reason}") from None
    wrong = [*_unknown_columns(profile, products), *_mistakes(profile, given)]
    wrong += [
        f"{kind.kind}: feed {feed} is not defined"
        for kind in profile.kinds
        for feed in kind.feed.split(" with ")
        if feed not in contracts.feeds
    ]
    if wrong:
        raise ContractError(f"{path.name}: " + "; ".join(wrong))
    return profile


def _profile(given: dict[str, Any]) -> Profile:
    claim = tuple(map(_property, given["claim"]))
    blocks = {
        name: tuple(map(_property, items)) for name, items in given["blocks"].items()
    }
    return Profile(
        version=str(given["version"]),
        record=tuple(map(_property, given["record"])),
        claim=claim,
        kinds=tuple(_kind(item, claim, blocks) for item in given["kinds"]),
    )


def _kind(
    item: dict[str, Any],
    claim: tuple[Property, ...],
    blocks: Mapping[str, tuple[Property, ...]],
) -> ClaimKind:
    made_of = item.get("made_of", {})
    extra = [one for name in item["blocks"] for one in blocks[name]]
    extra += map(_property, item.get("properties", ()))
    properties = tuple(
        replace(one, columns=(*made_of.get(one.path, ()), *one.columns))
        for one in (*claim, *extra)
    )
    shared = {one.path for one in claim} - set(made_of)
    return ClaimKind(
        kind=item["kind"],
        title=item["title"],
        feed=item["feed"],
        fact=item["fact"],
        about=item["about"],
        types=tuple((one["type"], one["when"]) for one in item["types"]),
        properties=properties,
        own=tuple(one for one in properties if one.path not in shared),
        results=tuple(
            ResultKind(one["name"], one["type"], one["from"])
            for one in item.get("results", ())
        ),
        example=assembled(properties, item["example"]),
    )


def _property(item: dict[str, Any]) -> Property:
    named = item["from"]
    columns = named if isinstance(named, list) else [named]
    return Property(
        path=item["path"],
        columns=tuple(name for name in columns if name != CONSTANT),
        example=item.get("example"),
        about=item.get("about", ""),
    )


def assembled(
    properties: Iterable[Property], values: Mapping[str, Any]
) -> dict[str, Any]:
    """A document of the properties' examples; ``values`` stand before them, by path."""
    document: dict[str, Any] = {}
    for one in properties:
        value = values.get(one.path, one.example)
        if value is not None:
            _put(document, one.path.split("."), value)
    return document


def _put(node: dict[str, Any], path: list[str], value: Any) -> None:
    name, *rest = path
    is_list = name.endswith("[]")
    name = name.removesuffix("[]")
    if not rest:
        several = value if isinstance(value, list) else [value]
        node[name] = several if is_list else value
        return
    if is_list:
        inner: dict[str, Any] = node.setdefault(name, [{}])[0]
    else:
        inner = node.setdefault(name, {})
    _put(inner, rest, value)


def _unknown_columns(
    profile: Profile, products: Mapping[str, Product]
) -> Iterator[str]:
    named = {
        column
        for one in (
            *profile.record,
            *(own for kind in profile.kinds for own in kind.properties),
        )
        for column in one.columns
    }
    named |= {one.column for kind in profile.kinds for one in kind.results}
    for column in sorted(named):
        table, _, name = column.partition(".")
        if table not in products or name not in {
            c.name for c in products[table].columns
        }:
            yield f"no published table has {column}"
    for kind in profile.kinds:
        if kind.fact not in products:
            yield f"{kind.kind}: no published table is {kind.fact}"


def _mistakes(profile: Profile, given: dict[str, Any]) -> Iterator[str]:
    for kind, item in zip(profile.kinds, given["kinds"], strict=True):
        paths = [one.path for one in kind.properties]
        for path in sorted({*item["example"], *item.get("made_of", ())} - set(paths)):
            yield f"{kind.kind}: {path} is no property of the kind"
        for path in sorted({path for path in paths if paths.count(path) > 1}):
            yield f"{kind.kind}: {path} is there twice"
