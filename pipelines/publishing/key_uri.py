"""The URI of a key in a PKCS#11 token (RFC 7512), as far as a signing key needs it.

Belongs here: the URI, read and written. Does not belong here: tokens (``tokens.py``).
"""

from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import quote, unquote_to_bytes

_TOKEN = ("token", "serial", "manufacturer", "model")
_KEY = ("object", "id")
_PATH_SAFE = ":@!$'()*+,=&"
_QUERY_SAFE = ":@!$'()*+,=/?|"
"""What RFC 7512 §2.3 lets stand unescaped, in each half; not its square brackets."""


@dataclass(frozen=True)
class KeyUri:
    """Where a key is: at least something of its token, and its label or id.

    Attributes:
        token: label of the token; with ``serial``, ``manufacturer`` and ``model``
            what a token must be to be this one. None where the URI does not say.
        object: ``CKA_LABEL`` of the key.
        id: ``CKA_ID`` of the key.
        module: path of the PKCS#11 library, ``module-path``.
    """

    token: str | None = None
    serial: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    object: str | None = None
    id: bytes | None = None
    module: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """The URI in ``text``.

        Raises:
            ValueError: it names no key, or says what is not understood here. A URI
                with a PIN is refused too, and not repeated: it was in the list of
                processes, and would be in the key file.
        """
        scheme, _, rest = text.partition(":")
        if scheme.lower() != "pkcs11":
            raise ValueError("a key's URI begins with pkcs11:")
        path, _, query = rest.partition("?")
        told = _attributes(path, ";", (*_TOKEN, *_KEY, "type"))
        asked = _attributes(query, "&", ("module-path",))
        if told.pop("type", b"private") != b"private":
            raise ValueError("a key's URI is of type=private, or of none")
        identity = told.pop("id", None)
        words = {name: value.decode() for name, value in told.items()}
        module = asked.get("module-path", b"").decode() or None
        uri = cls(**words, id=identity, module=module)
        if not (uri.token or uri.serial) or not (uri.object or uri.id):
            raise ValueError(
                "a key's URI names a token and an object, pkcs11:token=…;object=…"
            )
        return uri

    def __str__(self) -> str:
        words = {name: getattr(self, name) for name in (*_TOKEN, *_KEY)}
        path = ";".join(
            f"{name}={quote(value, safe=_PATH_SAFE if name != 'id' else '')}"
            for name, value in words.items()
            if value is not None
        )
        if self.module is None:
            return f"pkcs11:{path}"
        return f"pkcs11:{path}?module-path={quote(self.module, safe=_QUERY_SAFE)}"

    @property
    def token_name(self) -> str:
        """The token in a sentence."""
        return self.token or f"with serial number {self.serial}"

    @property
    def key_name(self) -> str:
        """The key in a sentence."""
        return self.object or f"with id {(self.id or b'').hex()}"

    def at(self, module: str | None) -> Self:
        """The same key by another PKCS#11 library."""
        return replace(self, module=module)


def _attributes(text: str, separator: str, known: tuple[str, ...]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for part in filter(None, text.split(separator)):
        name, equals, value = part.partition("=")
        if name in ("pin-value", "pin-source"):
            raise ValueError(
                "a key's URI holds no PIN: LRW_PKCS11_PIN or the secret pkcs11-pin does"
            )
        if not equals or name not in known:
            raise ValueError(f"a key's URI does not say {name!r} here")
        if name in found:
            raise ValueError(f"a key's URI says {name} once")
        found[name] = unquote_to_bytes(value)
    return found
