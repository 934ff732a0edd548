import functools
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pyarrow as pa
import pytest
import record_factory
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pipelines.publishing import keys, pruning
from pipelines.publishing.keys import IssuerKey
from pipelines.publishing.publish import publish
from pipelines.publishing.signing import KeySigner, Proofs, sign_record
from pipelines.settings import Home

STANDARDS = Path(__file__).resolve().parents[4] / "shared" / "standards"


@pytest.fixture(scope="session")
def standards() -> Path:
    """The official vectors and schemas, which are not part of the repository."""
    if not STANDARDS.is_dir():
        pytest.skip("../shared/standards is absent: official files are not copied here")
    return STANDARDS


@pytest.fixture(scope="session")
def issuer_key() -> IssuerKey:
    """A fixed key, so that golden files can be compared; never sign with it."""
    private = Ed25519PrivateKey.from_private_bytes(b"not a secret: a key for tests ok")
    public = keys.public_key(private)
    return IssuerKey(record_factory.DID, public, (), (), Path("unused"), private)


@pytest.fixture(scope="session")
def proofs() -> Proofs:
    return Proofs()


@pytest.fixture(scope="session")
def sign(issuer_key: IssuerKey, proofs: Proofs) -> Callable[[dict], dict]:
    """Prune and sign one document."""

    def run(document: dict[str, Any]) -> dict[str, Any]:
        copied = orjson.loads(orjson.dumps(document))
        return sign_record(pruning.prune(copied), KeySigner(issuer_key), proofs)

    return run


@pytest.fixture(scope="session")
def signed(sign: Callable[[dict], dict]) -> dict[str, Any]:
    return sign(record_factory.record(1))


@pytest.fixture
def warehouse(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def write_build(
    home: Home,
    documents: Iterable[dict[str, Any]],
    terms: int = 3,
    redirects: Mapping[str, str] | None = None,
    erased: Iterable[str] = (),
    held: Iterable[dict[str, Any]] = (),
) -> None:
    """Write ``warehouse/build.duckdb`` as dbt leaves it.

    ``redirects`` leads from retired learner ids to surviving ones. What ``held``
    documents say beside ``documents`` is asserted, and on no record.
    """
    documents = list(documents)
    rows = pa.Table.from_pylist([record_factory.row(one) for one in documents])
    asserted: dict[str, tuple[str, str]] = {}
    for status, told in (("active", documents), ("held", held)):
        for document in told:
            learner = record_factory.row(document)["learner_id"]
            for nested in document["credentialSubject"]["verifiableCredential"]:
                name = nested["id"].removeprefix("urn:uuid:")
                asserted.setdefault(name, (learner, status))
    home.warehouse.mkdir(parents=True, exist_ok=True)
    home.build_db.unlink(missing_ok=True)
    with duckdb.connect(str(home.build_db)) as con:
        con.register("rows", rows)
        con.execute("CREATE SCHEMA published")
        con.execute(
            "CREATE TABLE published.record_document AS SELECT * REPLACE "
            "(valid_from::TIMESTAMPTZ AS valid_from, document::JSON AS document) "
            "FROM rows"
        )
        con.execute(
            "CREATE TABLE published.learner AS SELECT learner_id, 'active' AS status "
            "FROM published.record_document "
            "UNION ALL SELECT unnest($retired), 'merged_into' "
            "UNION ALL SELECT unnest($erased), 'erased'",
            {"retired": list(redirects or {}), "erased": list(erased)},
        )
        con.execute(
            "CREATE TABLE published.learner_redirect AS "
            "SELECT unnest($retired) AS learner_id, unnest($to) AS to_learner_id",
            {
                "retired": list(redirects or {}),
                "to": list((redirects or {}).values()),
            },
        )
        con.execute(
            "CREATE TABLE published.assertion AS "
            "SELECT unnest($ids) AS assertion_id, unnest($learners) AS learner_id, "
            "unnest($statuses) AS status",
            {
                "ids": list(asserted),
                "learners": [learner for learner, _ in asserted.values()],
                "statuses": [status for _, status in asserted.values()],
            },
        )
        con.execute(
            "CREATE VIEW published.term AS "
            f"SELECT 'T' || i AS term_code FROM range({terms}) AS r(i)"
        )


@pytest.fixture
def build(warehouse: Home) -> Callable[..., None]:
    return functools.partial(write_build, warehouse)


@pytest.fixture(scope="session")
def published_once(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("published") / "home")
    write_build(home, [record_factory.record(number, courses=1) for number in range(4)])
    publish(home, None)
    return home


@pytest.fixture
def published(published_once: Home, warehouse: Home) -> Home:
    """A warehouse of four learners with one snapshot, the test's own."""
    shutil.copytree(published_once.root, warehouse.root)
    return warehouse
