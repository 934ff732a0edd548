"""One settings object for every engine; a policy that cannot be meant is refused."""

import shutil

import pytest
import sqlglot
import yaml

from pipelines.errors import OperatorError
from pipelines.identity.evidence import load_policy, settings
from pipelines.identity.evidence.model import BLOCKS, COMPARISONS
from pipelines.identity.evidence.rules import ExactRule
from pipelines.settings import DATA_CONTRACTS


@pytest.mark.parametrize("engine", ["duckdb", "spark"])
def test_the_same_settings_build_for_both_engines(engine):
    built = settings(load_policy().model).get_settings(engine)
    comparisons = built.core_model_settings.comparisons
    assert [c.output_column_name for c in comparisons] == [c.name for c in COMPARISONS]
    for comparison in comparisons:
        for level in comparison.comparison_levels:
            if level.sql_condition != "ELSE":
                sqlglot.parse_one(level.sql_condition, read=engine)
    assert len(built._blocking_rules_to_generate_predictions) == len(BLOCKS)


def test_spark_is_asked_for_no_function_of_duckdb():
    known = {"DAMERAU_LEVENSHTEIN", "SUBSTR", "SUBSTRING", "LENGTH", "ABS", "LEAST",
             "ARRAY_INTERSECT", "ARRAY_SIZE", "SIZE"}  # fmt: skip
    for comparison in settings().get_settings("spark").core_model_settings.comparisons:
        for level in comparison.comparison_levels:
            if level.sql_condition == "ELSE":
                continue
            tree = sqlglot.parse_one(level.sql_condition, read="spark")
            used = {
                (
                    f.name if isinstance(f, sqlglot.exp.Anonymous) else f.sql_name()
                ).upper()
                for f in tree.find_all(sqlglot.exp.Func)
                if not isinstance(f, sqlglot.exp.Connector)
            }
            assert used <= known | {"AND", "OR"}, level.sql_condition


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"thresholds": {"link": 0.5, "review": 0.9, "keep": 0.1}}, "must rise"),
        ({"corroboration": {"person": ["zip"], "together": [],
                            "together_new_family_name": []}}, "no evidence of one"),
        ({"corroboration": {"person": ["ssn"], "together": [[]],
                            "together_new_family_name": []}}, "name alone"),
        ({"model": "model-0.json"}, "cannot be read"),
        ({"thresholds": {}}, "not usable"),
    ],
)  # fmt: skip
def test_a_policy_that_cannot_be_meant_is_refused(tmp_path, change, message):
    folder = tmp_path / "identity"
    shutil.copytree(DATA_CONTRACTS / "identity", folder)
    said = yaml.safe_load((folder / "linkage.yaml").read_text())
    (folder / "linkage.yaml").write_text(yaml.safe_dump(said | change))
    with pytest.raises(OperatorError, match=message):
        load_policy(tmp_path)


@pytest.mark.parametrize("id_type", ["WALLET_DID", "EMAIL", "PSEUDO_SSN"])
def test_nobody_can_declare_a_rule_that_links_by_a_wallet_or_an_address(id_type):
    with pytest.raises(ValueError, match="never links two records"):
        ExactRule(id="wallet/1", reason="Same wallet.", id_types=("SSN", id_type))
