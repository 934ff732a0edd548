"""The published tables as contracts, and the dbt files made of them.

Belongs here: reading ``data_contracts/products/*.odcs.yaml`` and rendering, for each
table, the dbt properties with enforced columns and the projection that publishes it.
Does not belong here: how a table is computed (``dbt_project/models/clr``), and what a
college sends (``data_contracts/feeds``).

A column classified ``personal`` or ``restricted`` never gets into a published
projection: what leaves the building is an allow-list, and the contract is the list. The
guarded tables have personal columns, and no restricted one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject

from pipelines.contracts.dbt_yaml import dbt_yaml
from pipelines.contracts.model import Classification, ContractError
from pipelines.settings import DATA_CONTRACTS, DBT_PROJECT

Layer = Literal["clr", "published", "guarded"]

_PREFIX: dict[Layer, str] = {"clr": "clr", "published": "pub", "guarded": "grd"}
_LINE = 88
_MARK = "generated from data_contracts/products/{name}.odcs.yaml; edit that"


@dataclass(frozen=True)
class ProductColumn:
    """A column of a table.

    Attributes:
        name: Column name.
        data_type: DuckDB type.
        required: True when it is never null.
        unique: True when no value occurs twice.
        classification: Who may see it; decides whether it is published.
        description: One or two sentences.
        reference: ``(table, column)`` it points at, if any.
    """

    name: str
    data_type: str
    required: bool
    unique: bool
    classification: Classification
    description: str
    reference: tuple[str, str] | None

    @property
    def leaves_the_building(self) -> bool:
        """Whether readers outside the vault get the column."""
        return self.classification in ("public", "internal")


@dataclass(frozen=True)
class Product:
    """A table with the layers it exists in and the columns of its key."""

    name: str
    description: str
    grain: str
    layers: tuple[Layer, ...]
    key: tuple[str, ...]
    columns: tuple[ProductColumn, ...]

    def model(self, layer: Layer) -> str:
        """Name of the dbt model of a layer."""
        return f"{_PREFIX[layer]}_{self.name}"

    def columns_in(self, layer: Layer) -> tuple[ProductColumn, ...]:
        """Columns of a layer: all, or of a projection those that may leave."""
        if layer == "clr" or "clr" not in self.layers:
            return self.columns
        if layer == "guarded":
            return tuple(c for c in self.columns if c.classification != "restricted")
        return tuple(c for c in self.columns if c.leaves_the_building)


@cache
def load_products(root: Path = DATA_CONTRACTS) -> Mapping[str, Product]:
    """Reads every product contract, once a process: it takes a second.

    Args:
        root: The folder ``data_contracts``.

    Returns:
        Products by table name, in alphabetical order.

    Raises:
        ContractError: A file breaks the standard or leaves out what a table needs; all
            files are read before it is raised.
    """
    products: dict[str, Product] = {}
    wrong: list[str] = []
    for path in sorted((root / "products").glob("*.odcs.yaml")):
        try:
            product = _product(OpenDataContractStandard.from_file(str(path)))
        except (ValueError, TypeError, KeyError) as error:
            wrong.append(f"{path.name}: {error}")
            continue
        if path.name != f"{product.name}.odcs.yaml":
            wrong.append(f"{path.name}: describes the table {product.name}")
        products[product.name] = product
    wrong += [
        f"{product.name}.{column.name}: points at {'.'.join(column.reference)}, "
        "which no product has"
        for product in products.values()
        for column in product.columns
        if column.reference and not _has(products, *column.reference)
    ]
    if wrong:
        raise ContractError("products: " + "; ".join(wrong))
    return MappingProxyType(products)


def render(
    root: Path = DATA_CONTRACTS, dbt_project: Path = DBT_PROJECT
) -> dict[Path, str]:
    """Renders the dbt files of every product.

    Returns:
        Text by path: properties of each model of every layer, and the projection that
        publishes a ``clr`` table.

    Raises:
        ContractError: As ``load_products``.
    """
    files: dict[Path, str] = {}
    for product in load_products(root).values():
        for layer in product.layers:
            folder = dbt_project / "models" / layer
            model = product.model(layer)
            files[folder / f"{model}.yml"] = _properties(product, layer)
            if layer != "clr" and "clr" in product.layers:
                files[folder / f"{model}.sql"] = _projection(product, layer)
    return files


def _has(products: Mapping[str, Product], table: str, column: str) -> bool:
    return table in products and any(c.name == column for c in products[table].columns)


def _product(contract: OpenDataContractStandard) -> Product:
    if not contract.schema_ or len(contract.schema_) != 1:
        raise ValueError("must describe exactly one table")
    table = contract.schema_[0]
    properties = table.properties or []
    if not table.name or not properties:
        raise ValueError("the table needs a name and columns")
    keyed = [p for p in properties if p.primaryKey]
    keyed.sort(key=lambda p: p.primaryKeyPosition or 0)
    key = tuple(str(p.name) for p in keyed)
    if not key:
        raise ValueError("the table needs a primary key")
    return Product(
        name=table.name,
        description=_text(table.description, table.name),
        grain=_text(table.dataGranularityDescription, table.name),
        layers=_layers(table),
        key=key,
        columns=tuple(_column(p, key) for p in properties),
    )


def _layers(table: SchemaObject) -> tuple[Layer, ...]:
    for custom in table.customProperties or []:
        if custom.property == "layers" and isinstance(custom.value, list):
            named = tuple(layer for layer in get_args(Layer) if layer in custom.value)
            if len(named) == len(custom.value):
                return named
    raise ValueError("the table needs a custom property layers: [clr, published]")


def _column(given: Any, key: tuple[str, ...]) -> ProductColumn:
    name = str(given.name)
    if given.classification not in get_args(Classification):
        raise ValueError(f"{name}: classification must be given")
    points_at = [str(r.to) for r in given.relationships or []]
    table, _, column = points_at[0].partition(".") if points_at else ("", "", "")
    return ProductColumn(
        name=name,
        data_type=_text(given.physicalType, name),
        required=bool(given.required),
        unique=bool(given.unique) or key == (name,),
        classification=given.classification,
        description=_text(given.description, name),
        reference=(table, column) if points_at else None,
    )


def _text(value: str | None, owner: str) -> str:
    if not value or not value.strip():
        raise ValueError(f"{owner}: a description, grain or type is missing")
    return " ".join(value.split())


def _properties(product: Product, layer: Layer) -> str:
    # A projection is a view: its table has been held to keys and references already.
    held = layer == "clr"
    model: dict[str, Any] = {
        "name": product.model(layer),
        "description": f"{product.description} Grain: {product.grain}.",
    }
    tests = _table_tests(product) if held else []
    if tests:
        model["data_tests"] = tests
    model["columns"] = [
        _column_properties(column, held=held) for column in product.columns_in(layer)
    ]
    return dbt_yaml(_MARK.format(name=product.name), {"models": [model]})


def _table_tests(product: Product) -> list[dict[str, Any]]:
    tests: list[dict[str, Any]] = []
    if len(product.key) > 1:
        tests.append(
            {"unique_combination": {"arguments": {"columns": list(product.key)}}}
        )
    references = [
        {
            "column": column.name,
            "to": "{{ ref('clr_" + column.reference[0] + "') }}",
            "field": column.reference[1],
        }
        for column in product.columns
        if column.reference
    ]
    if references:
        tests.append({"references_resolve": {"arguments": {"references": references}}})
    return tests


def _column_properties(column: ProductColumn, *, held: bool) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "name": column.name,
        "description": column.description,
        "data_type": column.data_type,
    }
    if held and column.required:
        properties["constraints"] = [{"type": "not_null"}]
    if held and column.unique:
        properties["data_tests"] = ["unique"]
    return properties


def _projection(product: Product, layer: Layer) -> str:
    names = [_quoted(column) for column in product.columns_in(layer)]
    origin = f'from {{{{ ref("clr_{product.name}") }}}}'
    return f"-- {_MARK.format(name=product.name)}\n{_select(names, origin)}\n"


def _select(names: list[str], origin: str) -> str:
    # As sqlfmt lays it out, so that a generated file passes the formatter.
    listed = ", ".join(names) + ","
    for layout in (
        f"select {listed} {origin}",
        f"select {listed}\n{origin}",
        f"select\n    {listed}\n{origin}",
    ):
        if max(map(len, layout.splitlines())) <= _LINE:
            return layout
    return "\n".join(["select", *(f"    {name}," for name in names), origin])


def _quoted(column: ProductColumn) -> str:
    return f'"{column.name}"' if column.name in _WORDS_OF_SQL else column.name


_WORDS_OF_SQL = frozenset({"hours", "level"})
