"""A definition that contradicts itself is refused with all that is wrong in it."""

import shutil
from pathlib import Path

import pytest

from pipelines.contracts.model import ContractError
from pipelines.metrics.load import load_definitions
from pipelines.settings import DATA_CONTRACTS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DATA_CONTRACTS / "metrics", tmp_path / "metrics"))


@pytest.mark.parametrize(
    ("file", "was", "becomes", "words"),
    [
        ("ipeds_gr", "- not_full_time", "- not_at_all", "no rule is called not_at_all"),
        ("ipeds_gr", "- not_full_time", "- no_award", "no_award decides no"),
        ("ipeds_gr", "- not_full_time", "- no_programme", "a rule is named twice"),
        ("ipeds_gr", "otherwise: no_award", "otherwise: award_revoked", "condition"),
        ("ipeds_gr", "id: ipeds_gr", "id: ipeds", "its id is ipeds"),
        ("ipeds_gr", "effective_year: 2023", "effective_year: soon", "effective_year"),
        ("ipeds_gr", "period: fall", "period: winter", "period"),
        ("ipeds_gr", "dual_before_on is", "shoe_size is", "shoe_size is no input"),
        ("rules", "when: is_dual_enrolment", "when: is_dual", "is_dual is no input"),
        ("rules", "decides: out\n", "decides: maybe\n", "decides"),
        ("nsc_persistence", "- attended_outside_before", "", "no mistake"),
        ("ipeds_gr", "title: IPEDS", "title: [", "ipeds_gr.yaml"),
    ],
)
def test_a_mistake_is_said(folder, file, was, becomes, words):
    path = folder / f"{file}.yaml"
    text = path.read_text()
    assert was in text
    path.write_text(text.replace(was, becomes, 1))
    if words == "no mistake":
        assert load_definitions(folder)
        return
    with pytest.raises(ContractError) as raised:
        load_definitions(folder)
    assert words in str(raised.value)


def test_a_rule_that_nobody_names_is_a_mistake(folder):
    path = folder / "rules.yaml"
    path.write_text(path.read_text() + "  idle:\n    decides: out\n    says: Idle.\n")
    with pytest.raises(ContractError, match="rule idle decides nothing"):
        load_definitions(folder)


def test_every_input_is_worked_out_and_every_condition_is_sql():
    """What an input's name promises, DuckDB binds, with no table but the declared."""
    from worked import published

    from pipelines.metrics.statement import statement

    definitions = load_definitions()
    with published({}) as con:
        for metric in definitions.metrics.values():
            con.execute(statement(definitions, metric))
            told = {column[0] for column in con.description}
            assert set(definitions.inputs(metric)) <= told
