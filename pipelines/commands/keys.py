"""``lrw keys``: the issuer's signing keys.

Belongs here: parsing, calling and printing. Does not belong here: keys
(``pipelines.publishing.keys``, ``pipelines.publishing.es256``).
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.delivery import import_keys
from pipelines.commands.shared import SystemName, out
from pipelines.settings import home

app = typer.Typer(no_args_is_help=True, help="The issuer's signing keys.")
app.command("import")(import_keys)


class Suite(StrEnum):
    """Which key: of all records, or of records as VC-JWT."""

    ED25519 = "ed25519"
    ES256 = "es256"


SystemOption = Annotated[SystemName, typer.Option(help="Whose key.")]
SuiteOption = Annotated[
    Suite, typer.Option(help="es256: the key of `lrw record --form jwt`.")
]


@app.command()
def new(
    system: SystemOption = SystemName.ACCS,
    suite: SuiteOption = Suite.ED25519,
    if_missing: Annotated[
        bool, typer.Option("--if-missing", help="Leave an existing key alone.")
    ] = False,
) -> None:
    """Make the key that signs a system's records; a key is made once."""
    from pipelines.publishing import es256, keys, snapshot

    did, folder = _did(system), home().keys
    kept = keys if suite is Suite.ED25519 else es256
    if if_missing and kept.key_path(folder, did).exists():
        return
    if suite is Suite.ED25519:
        key = keys.create_key(folder, did)
        made = f"{key.did} signs with {key.public}"
        path = key.path
    else:
        present = snapshot.current(home())
        jwt_key = es256.create_key(
            folder, did, present.did_document() if present else None
        )
        made = f"{did} signs JWTs with {jwt_key.public} once `lrw night` published it"
        path = jwt_key.path
    out.print(f"{made}; keep {path} safe and backed up", highlight=False)


@app.command()
def rotate(
    system: SystemOption = SystemName.ACCS, suite: SuiteOption = Suite.ED25519
) -> None:
    """Sign with a new key from now on; the old one stays published for verifiers."""
    from pipelines.publishing import es256, keys

    kept = keys if suite is Suite.ED25519 else es256
    key = kept.rotate_key(home().keys, _did(system))
    out.print(
        f"{key.did} signs with {key.public}; {len(key.retired)} earlier published"
    )


@app.command()
def retire(
    key: Annotated[str, typer.Argument(help="The earlier key, z6Mk… or zDna…")],
    system: SystemOption = SystemName.ACCS,
) -> None:
    """Publish an earlier key no more: the next night signs anew what it signed.

    For a key that somebody else may have. A key that was only replaced stays published.
    """
    from pipelines.publishing import es256, keys

    is_es256 = key.startswith(es256.BEGINS)
    kept = es256 if is_es256 else keys
    left = kept.withdraw_key(home().keys, _did(system), key)
    then = "publish it" if is_es256 else "sign anew"
    out.print(
        f"{key} signs for {left.did} no more; {1 + len(left.retired)} still published. "
        f"`lrw keys publish` for the web server now, `lrw night` to {then}"
    )


@app.command()
def publish(
    to: Annotated[Path, typer.Option("--out", help="Folder for did.json, jwks.json.")],
    system: Annotated[SystemName, typer.Option(help="Whose keys.")] = SystemName.ACCS,
) -> None:
    """Write the issuer's public keys as a web server must answer them."""
    from pipelines.publishing.keys import load_key, write_public

    for path in write_public(load_key(home().keys, _did(system)), to):
        out.print(str(path))


def _did(system: SystemName) -> str:
    from pipelines.contracts.load import load_contracts

    return load_contracts().systems[system.value.upper()].did
