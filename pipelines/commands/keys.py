"""``lrw keys``: the issuer's signing keys.

Belongs here: options and answers. Does not belong here: key files
(``publishing/keys.py``) and tokens (``publishing/tokens.py``).
"""

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.shared import SystemName, out
from pipelines.errors import UsageError
from pipelines.settings import home, pkcs11_module

if TYPE_CHECKING:
    from pipelines.publishing.keys import IssuerKey, Maker

app = typer.Typer(no_args_is_help=True, help="The issuer's signing keys.")

_System = Annotated[SystemName, typer.Option(help="Whose key.")]
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
    if_missing: Annotated[
        bool, typer.Option("--if-missing", help="Leave an existing key alone.")
    ] = False,
    token: _Token = None,
    module: _Module = None,
    existing: _Existing = False,
) -> None:
    """Make the key that signs a system's records; a key is made once."""
    from pipelines.publishing.keys import create_key, in_file, key_path

    make = _in_token(token, module, existing)
    did = _did(system)
    if if_missing and key_path(home().keys, did).exists():
        return
    key = create_key(home().keys, did, make or in_file)
    if key.where is None:
        out.print(
            f"{key.did} signs with {key.public}; keep {key.path} safe and backed up"
        )
    else:
        out.print(f"{key.did} signs with {key.public}; {_in_words(key)}")


@app.command("rotate")
def rotate(
    system: _System = SystemName.ACCS,
    token: _Token = None,
    module: _Module = None,
    existing: _Existing = False,
    file: Annotated[
        bool, typer.Option("--file", help="From a token back to a key file.")
    ] = False,
) -> None:
    """Sign with a new key from now on; the old one stays published for verifiers."""
    from pipelines.publishing.keys import in_file, rotate_key

    make = _in_token(token, module, existing)
    if file and make:
        raise UsageError("--file and --pkcs11 exclude each other")
    key = rotate_key(home().keys, _did(system), in_file if file else make)
    where = "" if key.where is None else f"; {_in_words(key)}"
    out.print(
        f"{key.did} signs with {key.public}; {len(key.retired)} earlier "
        f"published{where}"
    )


@app.command("retire")
def retire(
    key: Annotated[str, typer.Argument(help="The earlier key, z6Mk…")],
    system: _System = SystemName.ACCS,
) -> None:
    """Publish an earlier key no more: the next night signs anew what it signed.

    For a key that somebody else may have. A key that was only replaced stays published.
    """
    from pipelines.publishing.keys import withdraw_key

    did = _did(system)
    left = withdraw_key(home().keys, did, key)
    out.print(
        f"{key} signs for {did} no more; {1 + len(left.retired)} still published. "
        "`lrw keys publish` for the web server now, `lrw night` to sign anew"
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
