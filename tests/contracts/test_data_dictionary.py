"""The data dictionary says of every published column what it is."""

import re

from pipelines.contracts.dictionary import HTML_PAGE, PAGE, render
from pipelines.contracts.products import load_products


def test_every_published_column_stands_in_the_dictionary_and_no_other() -> None:
    rows: dict[str, list[str]] = {}
    table = ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            table = line.removeprefix("## ")
            rows[table] = []
        elif found := re.match(r"\| `(\w+)` \| ", line):
            rows[table].append(found[1])
    published = {
        name: [column.name for column in product.columns_in(layer)]
        for name, product in load_products().items()
        for layer in ("published", "guarded")
        if layer in product.layers and name != "record_document"
    }
    assert rows["employment_match"]
    assert rows == published
    assert "name_on_record" not in rows["learner"]


def test_every_link_of_the_page_leads_to_a_table() -> None:
    page = render()[HTML_PAGE]
    anchors = set(re.findall(r'<h2 id="(\w+)"', page))
    assert set(re.findall(r'href="#(\w+)"', page)) == anchors | {"content"}
    assert "`" not in re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
