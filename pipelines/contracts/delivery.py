"""How a college's packages reach the warehouse: the ``delivery`` part of its profile.

Belongs here: the shapes of that mapping and what contradicts itself in it. Does not
belong here: how a drop zone is read (``pipelines/delivery``), and no secret: a profile
names the file that holds one, an installation keeps the file.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    ValidationError,
    model_validator,
)

SecretName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")]
HostKey = Annotated[
    str,
    Field(pattern=r"^(ssh-ed25519|ecdsa-sha2-nistp\d+|ssh-rsa) [A-Za-z0-9+/]+=*$"),
]


def _fingerprint(value: object) -> object:
    return value.replace(" ", "").upper() if isinstance(value, str) else value


# Version 4 keys only: GnuPG 2.2 knows no other.
Fingerprint = Annotated[
    str, BeforeValidator(_fingerprint), Field(pattern=r"^[0-9A-F]{40}$")
]


class _Profile(BaseModel):
    """What every kind of delivery may say.

    Attributes:
        signing_keys: OpenPGP fingerprints, of a primary key or a subkey, with which
            this college signs and no other does.
        require_signature: True: a package without a good signature is refused, plain
            ones too. False: an encrypted package may be unsigned. Left out: plain
            packages pass where no signing key is named, OpenPGP ones need a signature.
        archive: ``none`` takes folders only, ``zip`` archives only; left out, both.
        remove_after_storing: Whether the drop zone is emptied of what landing keeps.
        settled_after: Seconds without a change after which an upload has ended.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    signing_keys: Annotated[tuple[Fingerprint, ...], Field(strict=False)] = ()
    require_signature: bool | None = None
    archive: Literal["none", "zip"] | None = None
    remove_after_storing: bool = False
    settled_after: Annotated[int, Field(ge=0, le=86_400)] = 60

    @model_validator(mode="after")
    def _keys_where_needed(self) -> "_Profile":
        if self.require_signature and not self.signing_keys:
            message = "require_signature needs signing_keys"
            raise ValueError(message)
        return self

    @property
    def plain_is_enough(self) -> bool:
        """Whether a package that nobody signed may be read at all."""
        if self.require_signature is None:
            return not self.signing_keys
        return not self.require_signature

    @property
    def sealed_needs_signature(self) -> bool:
        """Whether an OpenPGP file is refused when nobody signed it."""
        return self.require_signature is not False


class InboxDelivery(_Profile):
    """Packages are put into ``inbox/<sender>/`` by somebody else."""

    kind: Literal["inbox"] = "inbox"
    remove_after_storing: Literal[False] = False


class FolderDelivery(_Profile):
    """Packages lie in a folder of this machine, for example a mounted share."""

    kind: Literal["folder"]
    path: Annotated[str, Field(pattern=r"^/[^\x00]*$")]


class SftpDelivery(_Profile):
    """Packages lie on an SFTP server.

    Attributes:
        folder: As the server sees it.
        host_key: Type and base64 of the server's public key; no other is accepted.
        key: The private key's file in the secrets folder.
    """

    kind: Literal["sftp"]
    host: Annotated[str, Field(min_length=1, pattern=r"^[A-Za-z0-9.:-]+$")]
    port: Annotated[int, Field(ge=1, le=65_535)] = 22
    user: Annotated[str, Field(min_length=1)]
    folder: str = "."
    host_key: HostKey
    key: SecretName


class S3Delivery(_Profile):
    """Packages lie in a bucket of an S3-compatible store.

    Attributes:
        endpoint: The store's address; ``http`` is for a store on this machine.
        prefix: What the names of this college's objects begin with.
        credentials: A file of the secrets folder: JSON with ``access_key_id`` and
            ``secret_access_key``.
    """

    kind: Literal["s3"]
    endpoint: Annotated[str, Field(pattern=r"^https?://[^/\s]+/?$")]
    bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
    prefix: Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9._:-]*/?)*$")] = ""
    region: str = "us-east-1"
    credentials: SecretName


DeliveryProfile = InboxDelivery | FolderDelivery | SftpDelivery | S3Delivery
INBOX = InboxDelivery()


class _AnyKind(RootModel[DeliveryProfile]):
    root: Annotated[DeliveryProfile, Field(discriminator="kind")]


def read_delivery(item: Any) -> DeliveryProfile:
    """The ``delivery`` mapping of a profile; the local inbox when there is none.

    Raises:
        ValueError: Every mistake in it, by its place.
    """
    if item is None:
        return INBOX
    if isinstance(item, dict):
        item = {"kind": "inbox", **item}
    try:
        return _AnyKind.model_validate(item).root
    except ValidationError as error:
        problems = [
            f"delivery.{'.'.join(str(part) for part in detail['loc'])}: {detail['msg']}"
            for detail in error.errors(include_input=False, include_url=False)
        ]
        raise ValueError("; ".join(problems)) from None


def shared_keys(profiles: Iterable[tuple[str, DeliveryProfile]]) -> list[str]:
    """Signing keys that two senders claim: either could sign for the other."""
    owners = Counter(
        key for _, profile in profiles for key in frozenset(profile.signing_keys)
    )
    return [
        f"signing key {key} belongs to {count} senders"
        for key, count in owners.items()
        if count > 1
    ]
