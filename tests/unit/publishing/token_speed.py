"""Signatures and records a second: SoftHSM beside the key file, in turns, one process.

By hand: ``PYTHONPATH=tests python tests/unit/publishing/token_speed.py``; the figures
are in docs/decisions/024-the-key-file-describes-a-token.md.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
import record_factory as factory
from soft_token import MODULE, SoftToken, uri

from pipelines.publishing import keys, pruning
from pipelines.publishing.key_uri import KeyUri
from pipelines.publishing.signing import KeySigner, Proofs, sign_record

ROUNDS = 7
SIGNATURES = 3000
RECORDS = 60


def rate(work: Callable[[], None], count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        work()
    return count / (time.perf_counter() - start)


def main() -> None:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        SoftToken(folder / "softhsm", patch)
        where = KeyUri.parse(uri("speed")).at(MODULE)
        signers = {
            "file": KeySigner(keys.create_key(folder / "file", factory.DID)),
            "SoftHSM": KeySigner(
                keys.create_key(
                    folder / "token", factory.DID, lambda: keys.in_token(where)
                )
            ),
        }
        proofs = Proofs()
        text = orjson.dumps(pruning.prune(factory.record(1, courses=25)))
        nested = orjson.loads(text)["credentialSubject"]["verifiableCredential"]

        def record(signer: KeySigner) -> None:
            sign_record(orjson.loads(text), signer, proofs)

        bare: dict[str, list[float]] = {kind: [] for kind in signers}
        whole: dict[str, list[float]] = {kind: [] for kind in signers}
        for _ in range(ROUNDS):
            for kind, signer in signers.items():
                bare[kind].append(rate(lambda s=signer: s.sign(b"\0" * 64), SIGNATURES))
                whole[kind].append(rate(lambda s=signer: record(s), RECORDS))
        for kind in signers:
            signatures = statistics.median(bare[kind])
            records = statistics.median(whole[kind])
            print(
                f"{kind}: {signatures:,.0f} signatures, {records:,.0f} records of "
                f"{len(nested)} credentials a second"
            )


if __name__ == "__main__":
    main()
