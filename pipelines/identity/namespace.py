"""The secret namespace of every derived id.

Ids of assertions are UUIDv5 of a natural key that holds a student id, so that a
rebuild gives the same. In a public namespace anyone could try all of a college's
student ids (seven digits: seconds) and read who an analyst's row is about. The
namespace therefore comes from the vault's pepper: lose the pepper and every
credential is renamed, so the vault is backed up as one.
"""

import hmac
from hashlib import sha256
from uuid import UUID

from pipelines.landing.judging.redact import pepper
from pipelines.settings import Home

PURPOSE = b"learner-record-warehouse/id-namespace/1"


def id_namespace(home: Home) -> UUID:
    """The namespace of this warehouse: the same for ever, and known to nobody else."""
    return UUID(bytes=hmac.digest(pepper(home), PURPOSE, sha256)[:16], version=5)
