"""The mapping profile: made of what is declared, with examples others can check."""

import json

import jsonschema_rs
import pytest

from pipelines.contracts import profile_page
from pipelines.contracts.load import load_contracts
from pipelines.contracts.model import ContractError
from pipelines.contracts.products import load_products
from pipelines.contracts.profile import load_profile
from pipelines.contracts.sync import sync
from pipelines.explain import _FACTS
from pipelines.settings import CHECKOUT, DATA_CONTRACTS

SCHEMAS = CHECKOUT.parent / "shared" / "standards" / "schemas" / "ob-v3p0"


@pytest.fixture(scope="module")
def profile():
    return load_profile(load_contracts(), load_products())


def test_every_kind_of_claim_is_mapped_from_the_table_that_holds_it(profile):
    assert {kind.kind: f"clr_{kind.fact}" for kind in profile.kinds} == _FACTS


@pytest.mark.skipif(
    not SCHEMAS.exists(), reason="the official schemas are not beside the checkout"
)
def test_every_example_is_valid_by_the_official_schema(profile):
    text = (SCHEMAS / "ob_v3p0_achievementcredential_schema.json").read_text()
    schema = jsonschema_rs.validator_for(json.loads(text))
    for kind in profile.kinds:
        found = [error.message for error in schema.iter_errors(dict(kind.example))]
        assert found == [], kind.kind


def test_a_column_or_a_path_that_nothing_has_is_named(tmp_path):
    text = (DATA_CONTRACTS / "profile" / "clr.yaml").read_text()
    spoiled = text.replace("fact_award.honors", "fact_award.honours", 1).replace(
        "      name: Peer Mentor\n", "      nmae: Peer Mentor\n", 1
    )
    assert spoiled != text
    path = tmp_path / "clr.yaml"
    path.write_text(spoiled)
    with pytest.raises(ContractError) as raised:
        load_profile(load_contracts(), load_products(), path)
    assert "no published table has fact_award.honours" in str(raised.value)
    assert "experience: nmae is no property of the kind" in str(raised.value)


def test_both_pages_say_every_definition_and_every_path(profile):
    page, html = (
        profile_page.render(load_contracts())[path]
        for path in (profile_page.PAGE, profile_page.HTML_PAGE)
    )
    practices = load_contracts().codes["practice"]
    for row in practices.rows:
        definition = row[practices.header.index("definition")]
        assert definition in page
        assert definition.replace("'", "&#39;") in html
    for kind in profile.kinds:
        for one in kind.own:
            assert f"| `{one.path}` |" in page
            assert f">{one.path}</td>" in html
    for category in load_contracts().codes["experience_category"].codes:
        # What alignments of published records point at.
        assert f'id="{category}"' in html


def test_a_page_that_was_edited_by_hand_is_stale(monkeypatch, tmp_path):
    stale = tmp_path / "mapping-profile.md"
    stale.write_text(profile_page.PAGE.read_text() + "by hand\n")
    monkeypatch.setattr(profile_page, "PAGE", stale)
    assert sync(check=True) == [stale]
