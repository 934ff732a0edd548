"""A drop zone in a bucket of an S3-compatible store, through obstore.

Belongs here: listing, reading and removing objects, and saying in one line what failed.
Does not belong here: which objects are a package.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Self

import obstore
from obstore.exceptions import (
    BaseError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import S3Store

from pipelines.contracts.delivery import S3Delivery
from pipelines.delivery.zone import (
    CHUNK,
    MAX_ITEMS,
    ChangedError,
    Item,
    ZoneError,
    shown,
)
from pipelines.settings import secret

_STATUS = re.compile(r"status code: (\d{3})")
_REASONS = {
    "401": "the store does not accept our credentials",
    "403": "the store does not accept our credentials",
    "404": "there is no such bucket",
}


class S3:
    """The zone.

    Attributes:
        atomic: True: an object is there whole, or not at all.
        exact: True: an ETag follows the content.
    """

    atomic = True
    exact = True

    def __init__(self, profile: S3Delivery) -> None:
        """Remember where it is; ``with`` reads the credentials."""
        self._profile = profile
        self._prefix = f"{profile.prefix.rstrip('/')}/" if profile.prefix else ""
        self._store: S3Store

    def __enter__(self) -> Self:
        """Make the client; nothing is sent yet."""
        profile = self._profile
        try:
            words = json.loads(secret(profile.credentials))
            self._store = S3Store(
                profile.bucket,
                endpoint=profile.endpoint.rstrip("/"),
                region=profile.region,
                access_key_id=str(words["access_key_id"]),
                secret_access_key=str(words["secret_access_key"]),
                virtual_hosted_style_request=False,
                client_options={
                    "allow_http": profile.endpoint.startswith("http://"),
                    "connect_timeout": timedelta(seconds=15),
                    "timeout": timedelta(minutes=30),
                },
                retry_config={
                    "max_retries": 3,
                    "retry_timeout": timedelta(seconds=20),
                },
            )
        except (ValueError, KeyError, TypeError):
            raise ZoneError(
                f"the secret {profile.credentials} is not JSON with access_key_id "
                "and secret_access_key"
            ) from None
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing is held open."""

    def look(self) -> list[Item]:
        """See ``Zone.look``; a key of three names or more lies in an odd folder."""
        found: dict[tuple[str, ...], Item] = {}
        with _in_one_line("the bucket cannot be listed"):
            for batch in obstore.list(self._store, prefix=self._prefix or None):
                for seen in batch:
                    key = seen["path"]
                    if not key.startswith(self._prefix):
                        continue
                    path = tuple(key[len(self._prefix) :].split("/"))
                    if len(path) > 2:
                        found[path[:2]] = Item(path[:2], "folder")
                    else:
                        found[path] = Item(
                            path,
                            "file",
                            seen["size"],
                            seen["last_modified"].timestamp(),
                            _version(seen),
                        )
                    if len(path) > 1:
                        found.setdefault(path[:1], Item(path[:1], "folder"))
                if len(found) > MAX_ITEMS:
                    raise ZoneError(f"more than {MAX_ITEMS} objects in the drop zone")
        return sorted(found.values(), key=lambda item: item.path)

    def read(self, item: Item) -> Iterator[bytes]:
        """See ``Zone.read``; a replaced object is refused by the store itself."""
        with _in_one_line(f"{shown(item.name)} cannot be read"):
            answer = obstore.get(
                self._store, self._key(item), options={"if_match": item.version}
            )
            # Not every store knows If-Match.
            if _version(answer.meta) != item.version:
                raise ChangedError(f"{shown(item.name)} was replaced")
            for chunk in answer.stream(min_chunk_size=CHUNK):
                yield bytes(chunk)

    def remove(self, item: Item) -> None:
        """See ``Zone.remove``; folders are not objects and vanish by themselves."""
        if item.kind == "folder":
            return
        with _in_one_line(f"{shown(item.name)} cannot be removed"):
            seen = obstore.head(self._store, self._key(item))
            if _version(seen) != item.version:
                raise ChangedError(f"{shown(item.name)} was replaced")
            obstore.delete(self._store, self._key(item))

    def _key(self, item: Item) -> str:
        return self._prefix + "/".join(item.path)


@contextmanager
def _in_one_line(what: str) -> Iterator[None]:
    """Say every failure as one line; obstore's own words hold whole requests."""
    try:
        yield
    except NotFoundError:
        raise ChangedError(f"{what}: it is not there") from None
    except PreconditionError:
        raise ChangedError(f"{what}: it was replaced") from None
    except (PermissionDeniedError, UnauthenticatedError):
        raise ZoneError(f"{what}: {_REASONS['403']}") from None
    except (BaseError, OSError) as error:
        status = _STATUS.search(str(error))
        reason = _REASONS.get(status[1] if status else "", "the store does not answer")
        raise ZoneError(f"{what}: {reason}") from None


def _version(seen: Mapping[str, Any]) -> str:
    return f"{seen['e_tag']}:{seen['last_modified'].timestamp()}:{seen['size']}"
