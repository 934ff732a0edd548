"""``lrw keys``: the issuer's signing keys.

Belongs here: options and answers. Does not belong here: keys
(``publishing/keys.py``, ``publishing/es256.py``) and tokens (``publishing/tokens.py``).
"""

import functools
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.delivery import import_keys
from pipelines.commands.shared import SystemName, out
from pipelines.errors import UsageError
from pipelines.settings import home, pkcs11_module

if TYPE_CHECKING:
    from pipelines.publishing.es256 import Es256Key
    from pipelines.publishing.keys import IssuerKey, Maker

app = typer.Typer(no_args_is_help=True, help="The issuer's signing keys.")
app.command("import")(import_keys)


class Suite(StrEnum):
    """Which key: of all records, or of records as VC-JWT."""

    ED25519 = "ed25519"
    ES256 = "es256"


_System = Annotated[SystemName, typer.Option(help="Whose key.")]
_Suite = Annotated[
    Suite, typer.Option(help="es256: the key of `lrw record --form jwt`.")
]
_Token = Annotated[
    str | None,
    typer.Option(
        "--pkcs11",
        metavar="URI",
        help="In a token: pkcs11:token=…;object=…. The PIN is LRW_PKCS11_PIN, else "
        "the secret pkcs11-pin.",
    ),
]
_Module = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="The token's library; else LRW_PKCS11_MODULE."),
]
_Existing = Annotated[
    bool,
    typer.Option("--existing", help="Sign with a key that the token has already."),
]


@app.command("new")
def new(
    system: _System = SystemName.ACCS,
    suite: _Suite = Suite.ED25519,
    if_missing: Annotated[
        bool, typer.Option("--if-missing", help="Leave an existing key alone.")
    ] = False,
    token: _Token = None,
    module: _Module = None,
    existing: _Existing = False,
) -> None:
    """Make the key that signs a system's records; a key is made once."""
    from pipelines.publishing import es256, keys, snapshot

    make = _in_token(token, module, existing)
    did, folder = _did(system), home().keys
    kept = keys if suite is Suite.ED25519 else es256
    if if_missing and kept.key_path(folder, did).exists():
        return
    if suite is Suite.ES256:
        _only_in_files(make)
        present = snapshot.current(home())
        jwt_key = es256.create_key(
            folder, did, present.did_document() if present else None
        )
        out.print(
            f"{did} signs JWTs with {jwt_key.public} once `lrw night` published it; "
            f"keep {jwt_key.path} safe and backed up",
            highlight=False,
        )
        return
    key = keys.create_key(folder, did, make or keys.in_file)
    kept_where = f"keep {key.path} safe and backed up"
    if key.where is not None:
        kept_where = _in_words(key)
    out.print(f"{key.did} signs with {key.public}; {kept_where}", highlight=False)


@app.command("rotate")
def rotate(
    system: _System = SystemName.ACCS,
    suite: _Suite = Suite.ED25519,
    token: _Token = None,
    module: _Module = None,
    existing: _Existing = False,
    file: Annotated[
        bool, typer.Option("--file", help="From a token back to a key file.")
    ] = False,
) -> None:
    """Sign with a new key from now on; the old one stays published for verifiers."""
    from pipelines.publishing import es256, keys

    make = _in_token(token, module, existing)
    if file and make:
        raise UsageError("--file and --pkcs11 exclude each other")
    where = ""
    key: IssuerKey | Es256Key
    if suite is Suite.ES256:
        _only_in_files(make)
        key = es256.rotate_key(home().keys, _did(system))
    else:
        key = keys.rotate_key(home().keys, _did(system), keys.in_file if file else make)
        where = "" if key.where is None else f"; {_in_words(key)}"
    out.print(
        f"{key.did} signs with {key.public}; {len(key.retired)} earlier "
        f"published{where}"
    )


@app.command("retire")
def retire(
    key: Annotated[str, typer.Argument(help="The earlier key, z6Mk… or zDna…")],
    system: _System = SystemName.ACCS,
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


@app.command("publish")
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


def _only_in_files(make: "Maker | None") -> None:
    if make is not None:
        raise UsageError("--pkcs11 is for the key of all records, not for es256")


def _in_token(token: str | None, module: Path | None, existing: bool) -> "Maker | None":
    from pipelines.publishing.key_uri import KeyUri
    from pipelines.publishing.keys import in_token

    if token is None:
        if module is not None or existing:
            raise UsageError("--module and --existing go with --pkcs11 URI")
        return None
    try:
        uri = KeyUri.parse(token)
    except ValueError as error:
        raise UsageError(f"--pkcs11: {error}") from None
    # A bare name is looked up where the system keeps its libraries.
    named = str(module.absolute() if module and module.exists() else module or "")
    path = named or uri.module or pkcs11_module()
    if path is None:
        raise UsageError("--pkcs11 needs --module FILE, or LRW_PKCS11_MODULE")
    return functools.partial(in_token, uri.at(path), existing=existing)


def _in_words(key: "IssuerKey") -> str:
    from pipelines.publishing.keys import fingerprint

    return (
        f"fingerprint {fingerprint(key.public)}. It cannot leave {key.where}: back up "
        f"the token as its vendor says, and {key.path}, which names it"
    )
