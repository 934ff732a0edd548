"""The table of what each form loses, held against the forms."""

import pytest
from measured import measured, profile

from pipelines.contracts.forms import load_forms
from pipelines.contracts.model import ContractError
from pipelines.settings import DATA_CONTRACTS


def test_every_property_of_the_profile_fares_in_every_form_as_the_table_says():
    table = load_forms(profile())
    declared = {
        f"{part}.{path}": {form: fate.verdict for form, fate in fates.items()}
        for part in ("record", "claim")
        for path, fates in getattr(table, part).items()
    }
    assert measured() == declared


def test_a_property_without_a_row_and_a_row_without_a_property_are_named(tmp_path):
    text = (DATA_CONTRACTS / "profile" / "forms.yaml").read_text()
    path = tmp_path / "forms.yaml"
    path.write_text(
        text.replace(
            "  validUntil: {badges: kept, page: kept",
            "  validTill: {badges: kept, page: most",
        )
    )
    with pytest.raises(ContractError) as raised:
        load_forms(profile(), path)
    assert "validUntil has no row" in str(raised.value)
    assert "no property is validTill" in str(raised.value)
    assert "validTill: most is no verdict" in str(raised.value)
