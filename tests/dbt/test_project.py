"""The dbt project keeps the rules of the house."""

import csv
import re

import yaml

from pipelines.contracts.load import load_contracts
from pipelines.settings import DBT_PROJECT


def test_every_model_and_test_of_a_build_succeeds(build):
    kinds = {unique_id.split(".")[0] for unique_id in build.results}
    assert {"model", "test", "unit_test", "seed"} <= kinds
    assert set(build.results.values()) <= {"success", "pass"}


def test_every_column_of_every_relation_is_described(build):
    described = {
        (node["schema"], node["alias"], name)
        for node in build.manifest["nodes"].values()
        for name, column in node.get("columns", {}).items()
        if column["description"].strip()
    }
    existing = set(
        build.rows(
            "select table_schema, table_name, column_name "
            "from information_schema.columns"
        )
    )
    assert len(existing) > 500
    assert existing - described == set()


def test_every_model_is_described_and_belongs_to_a_group(build):
    models = [
        node
        for node in build.manifest["nodes"].values()
        if node["resource_type"] == "model"
    ]
    assert [m["name"] for m in models if not m["description"].strip()] == []
    assert [m["name"] for m in models if not m["group"]] == []


def test_what_lies_behind_the_boundary_is_private_and_before_it_contracted(build):
    for folder in ("staging", "identity", "quality"):
        assert {m["access"] for m in build.models(folder)} == {"private"}
    for folder in ("clr", "published", "guarded"):
        assert {m["access"] for m in build.models(folder)} == {"public"}
        assert all(m["config"]["contract"]["enforced"] for m in build.models(folder))


def test_published_refers_to_the_clr_layer_only(build):
    for model in [*build.models("published"), *build.models("guarded")]:
        parents = {parent.split(".")[-1] for parent in model["depends_on"]["nodes"]}
        assert parents
        assert {parent for parent in parents if not parent.startswith("clr_")} == set()


def test_personal_columns_stay_behind(build):
    published = {
        (model["alias"], column)
        for model in build.models("published")
        for column in model["columns"]
        if model["alias"] != "record_document"
    }
    assert ("learner", "learner_id") in published
    assert {
        (table, column)
        for table, column in published
        if re.search(
            "name_on_record|student_id|email|birth|minted_at|wages|employer_key|ssn",
            column,
        )
    } == set()


def test_no_package_and_no_extension_is_needed():
    profile = yaml.safe_load((DBT_PROJECT / "profiles.yml").read_text())
    outputs = profile["learner_records"]["outputs"].values()
    assert not (DBT_PROJECT / "packages.yml").exists()
    assert [output for output in outputs if "extensions" in output] == []


def test_engine_specific_functions_are_in_the_dialect_only():
    engine = re.compile(
        r"\b(sha1|sha256|from_hex|to_json|strftime|unnest|string_split|"
        r"regexp_\w+|list_\w+)\s*\(|\blambda\b|::"
    )
    offenders = [
        path.name
        for path in sorted((DBT_PROJECT / "models").rglob("*.sql"))
        if engine.search(re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL))
    ]
    assert offenders == []


def test_every_experience_type_and_skill_framework_can_be_shown():
    def column(seed: str, name: str) -> set[str]:
        with (DBT_PROJECT / "seeds" / f"{seed}.csv").open(encoding="utf-8") as lines:
            return {row[name] for row in csv.DictReader(lines)}

    codes = load_contracts().codes
    at = codes["skill"].header.index("framework")
    frameworks = {row[at] for row in codes["skill"].rows}
    assert column("practice", "code") == set(codes["exp_type"].codes)
    assert frameworks - column("framework", "code") <= {"LOCAL"}
    # The crosswalk is looked up in both lists by an inner join.
    assert column("cip_soc", "cip_code") <= column("cip", "code")
    assert column("cip_soc", "soc_code") <= column("soc", "code")
