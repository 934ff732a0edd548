"""Ids made in SQL are the ids Python's uuid module makes."""

import json
import uuid

import duckdb
import jinja2
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipelines.settings import DBT_PROJECT

NAMESPACE = yaml.safe_load((DBT_PROJECT / "dbt_project.yml").read_text())["vars"][
    "id_namespace"
]


def expression(macro: str) -> str:
    environment = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)
    source = (DBT_PROJECT / "macros" / "dialect" / "uuid5.sql").read_text()
    template = environment.from_string(source + "{{ " + macro + " }}")
    return template.render(
        var=lambda name: {"id_namespace": NAMESPACE}[name],
        env_var=lambda _name, default: default,
    )


def made_in_sql(macro: str, *parts: str | None) -> str | None:
    sql = f"select {expression(macro)} from (select ? as a, ? as b)"
    with duckdb.connect() as con:
        found = con.execute(sql, [*parts, *[None] * (2 - len(parts))]).fetchone()
    assert found is not None
    return found[0]


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@given(texts)
def test_any_text_gives_the_uuid_that_python_gives(text):
    assert made_in_sql("uuid5('a')", text) == str(
        uuid.uuid5(uuid.UUID(NAMESPACE), text)
    )


# Python and DuckDB write the hexadecimal digits of an escaped control character in
# different cases; no key has one.
printed = st.text(st.characters(exclude_categories=["Cs", "Cc"]))


@given(printed, st.none() | printed)
def test_a_record_id_is_the_uuid_of_the_json_list_of_its_kind_and_key(first, second):
    name = json.dumps(
        ["kind", first, second], separators=(",", ":"), ensure_ascii=False
    )
    made = made_in_sql("record_id('kind', ['a', 'b'])", first, second)
    assert made == str(uuid.uuid5(uuid.UUID(NAMESPACE), name))


def test_parts_cannot_run_into_each_other():
    made = {
        made_in_sql("record_id('kind', ['a', 'b'])", *parts)
        for parts in [('a","b', "c"), ("a", 'b","c'), ("a", None), ("a", "null")]
    }
    assert len(made) == 4
