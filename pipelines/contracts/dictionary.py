"""The data dictionary: every table and column that is read, as two pages.

Belongs here: the order of the tables and the wording around them. Does not belong here:
what a table or a column is (``data_contracts/products``).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.contracts.docs import FOLDER
from pipelines.contracts.pages import page
from pipelines.contracts.products import Layer, Product, load_products

PAGE = FOLDER / "data-dictionary.md"
HTML_PAGE = FOLDER / "data-dictionary.html"
_DOCUMENTS = "record_document"
"""What is signed; no table that a reader gets."""


def render() -> dict[Path, str]:
    """Both pages with their paths.

    Raises:
        ContractError: As ``load_products``.
    """
    told = {"tables": _tables(load_products())}
    return {
        PAGE: page("dictionary.md.j2", told),
        HTML_PAGE: page("dictionary.html.j2", told),
    }


def read_layer(product: Product) -> Layer | None:
    """The layer that readers get a table from; None when they get it from none."""
    if product.name == _DOCUMENTS:
        return None
    layers: tuple[Layer, ...] = ("published", "guarded")
    return next((layer for layer in layers if layer in product.layers), None)


def _tables(products: Mapping[str, Product]) -> list[dict[str, Any]]:
    published = [
        (product, layer)
        for product in products.values()
        for layer in [read_layer(product)]
        if layer is not None
    ]
    return [
        {
            "name": product.name,
            "description": product.description,
            "grain": product.grain,
            "key": product.key,
            "is_guarded": layer == "guarded",
            "columns": product.columns_in(layer),
            "pointed_at_by": [
                (other.name, column.name)
                for other, of_layer in published
                for column in other.columns_in(of_layer)
                if column.reference and column.reference[0] == product.name
                if other.name != product.name
            ],
        }
        for product, layer in published
    ]
