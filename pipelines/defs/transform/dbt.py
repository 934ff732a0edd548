"""The dbt build: staging, identity, clr, published and their tests, in one process."""

import sys
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, DbtProject, dbt_assets
from packaging.version import Version

from pipelines import progress
from pipelines.contracts.load import load_contracts
from pipelines.dbt_runs import ensure_manifest, failed_nodes
from pipelines.defs.groups import DBT_FOLDERS
from pipelines.defs.land.partitions import after_landing
from pipelines.identity.namespace import id_namespace
from pipelines.landing.kept.store import anchor
from pipelines.settings import DBT_PROJECT, export_id_namespace, home
from pipelines.warehouse import discard_build

ensure_manifest(DBT_PROJECT)
# The environment's own dbt: a shell that did not activate it has another or none.
DBT_EXECUTABLE = str(Path(sys.executable).with_name("dbt"))
project = DbtProject(project_dir=DBT_PROJECT, profiles_dir=DBT_PROJECT)


class InstalledDbt(DbtCliResource):
    """The environment's dbt, without what Dagster does for others before a build.

    It runs `dbt --version`: 3 s, and a question to the package index, which a
    warehouse that is shut off from the world has to wait out. And it loads dbt a
    second time, into this process, to count rows for its UI: 3.5 s; ours does not.
    """

    @cached_property
    def _cli_version(self) -> Version:
        return Version(version("dbt-core"))

    def _initialize_dbt_core_adapter(self, _: Any) -> Any:
        return None


class NightTranslator(DagsterDbtTranslator):
    """Group a model by its folder and follow landing by lineage only."""

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """Tie a staging model to its landing asset, whatever the partition."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        deps = [
            after_landing(dep.asset_key.path[1])
            if dep.asset_key.path[0] == "landing"
            else dep
            for dep in spec.deps
        ]
        return spec.replace_attributes(deps=deps)

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """Return the group of the night's order; seeds are read in staging."""
        if dbt_resource_props["resource_type"] == "seed":
            return DBT_FOLDERS["staging"]
        folders = dbt_resource_props.get("fqn", [])[1:]
        return DBT_FOLDERS.get(folders[0]) if folders else None


@dbt_assets(
    manifest=project.manifest_path,
    project=project,
    dagster_dbt_translator=NightTranslator(),
    name="dbt_build",
    pool="warehouse",
)
def dbt_build(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
    """Build everything anew: a fresh file has no models left over and no lock."""
    if not context.is_subset:
        discard_build(home())
        anchor(home(), load_contracts())
    export_id_namespace(id_namespace(home()))
    # Unit tests prove the models on fixtures; they run in `make test`, not every night.
    # Its log has what failed, not each statement, of which `compiled` has a copy: 17 MB
    # and a twentieth of the time of a small night.
    invocation = dbt.cli(
        ["build", "--exclude-resource-type", "unit_test", "--log-level-file", "info"],
        context=context,
        target_path=home().warehouse / "dbt",
        raise_on_error=False,
    )
    for done, event in enumerate(invocation.stream()):
        progress.report("Building", done)
        yield event
    if not invocation.is_successful():
        raise dg.Failure(failed_nodes(home()), allow_retries=False)


@dg.definitions
def resources() -> dg.Definitions:
    """The dbt resource beside the assets that use it."""
    dbt = InstalledDbt(
        project_dir=str(DBT_PROJECT),
        profiles_dir=str(DBT_PROJECT),
        dbt_executable=DBT_EXECUTABLE,
    )
    return dg.Definitions(assets=[dbt_build], resources={"dbt": dbt})
