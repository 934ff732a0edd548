"""The issuer's key in a PKCS#11 token: made there, used there, never out of it.

Source: OASIS PKCS #11 v3.1, §6.3 (``CKK_EC_EDWARDS``, ``CKM_EDDSA``); RFC 8410 §3 for
the curve's object identifier. Belongs here: the token, its session and what it says
when it refuses. Does not belong here: the key file that names it (``keys.py``).

A process opens its own session when it first signs: a PKCS#11 library is initialised
once a process and does not survive a fork, and a login counts for the whole process.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pkcs11
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass, SignMixin, TokenFlag

from pipelines.errors import OperatorError
from pipelines.publishing import multibase
from pipelines.publishing.key_uri import KeyUri
from pipelines.settings import pkcs11_pin

_ED25519 = bytes.fromhex("06032b6570")
"""``CKA_EC_PARAMS``: id-Ed25519, 1.3.101.112, in DER."""

_TRIAL = b"lrw: is this the key that the key file names? "
"""Begins what is signed on trial; no proof and no manifest begins so."""

_SAID: dict[type[pkcs11.PKCS11Error], str] = {
    pkcs11.PinIncorrect: "the PIN is wrong, and a few more tries may lock the token",
    pkcs11.PinInvalid: "the PIN is wrong, and a few more tries may lock the token",
    pkcs11.PinLenRange: "the PIN is wrong, and a few more tries may lock the token",
    pkcs11.PinLocked: "its PIN is locked: its security officer can set a new one",
    pkcs11.PinExpired: "its PIN has expired: set a new one with the vendor's tool",
    pkcs11.UserPinNotInitialized: "it has no PIN yet: set one with the vendor's tool",
    pkcs11.TokenWriteProtected: "it is write-protected",
    pkcs11.DeviceMemory: "it is full",
    pkcs11.MechanismInvalid: "it does not know Ed25519 (CKM_EDDSA)",
}


class TokenKey:
    """A private key that signs inside its token; opened when it first signs.

    Args:
        uri: where it is.
        public: the multikey that it must have.
    """

    def __init__(self, uri: KeyUri, public: str) -> None:
        self.uri = uri
        self._public = Ed25519PublicKey.from_public_bytes(
            multibase.public_bytes(public)
        )
        self._private: SignMixin | None = None

    def open(self) -> None:
        """Log in, find the key, and try whether it is the one of the key file.

        Raises:
            OperatorError: the module, the token, the PIN or the key is not what it
                has to be; one line says which.
        """
        if self._private is None:
            private = _find(_session(self.uri), self.uri)
            _try(private, self._public, self.uri)
            self._private = private

    def sign(self, data: bytes) -> bytes:
        """The 64-byte Ed25519 signature of ``data``.

        Raises:
            OperatorError: as ``open``, or the token went away.
        """
        self.open()
        assert self._private is not None
        try:
            return self._private.sign(data, mechanism=Mechanism.EDDSA)
        except pkcs11.PKCS11Error as error:
            # The next signature asks the token anew.
            self._private = None
            _sessions.clear()
            raise OperatorError(
                f"token {self.uri.token_name} was lost while signing "
                f"({type(error).__name__}): nothing unsigned is published"
            ) from None


def make_key(uri: KeyUri) -> str:
    """Make an Ed25519 key in the token that can never leave it; return its multikey.

    Raises:
        OperatorError: as ``TokenKey.open``, or the token has such an object already.
    """
    session = _session(uri, write=True)
    with _told(uri):
        # Searches are read to their end: a session has one at a time.
        if list(session.get_objects(_named(uri))):
            raise OperatorError(
                f"token {uri.token_name} has an object {uri.key_name} already: name "
                "another, or say --existing to sign with that one"
            )
        both = {
            Attribute.LABEL: uri.object or "",
            Attribute.ID: uri.id or secrets.token_bytes(8),
        }
        session.create_domain_parameters(
            KeyType.EC_EDWARDS, {Attribute.EC_PARAMS: _ED25519}, local=True
        ).generate_keypair(
            mechanism=Mechanism.EC_EDWARDS_KEY_PAIR_GEN,
            store=True,
            public_template=both,
            private_template={
                **both,
                Attribute.SENSITIVE: True,
                Attribute.EXTRACTABLE: False,
            },
        )
    return take_key(uri)


def take_key(uri: KeyUri) -> str:
    """The multikey of a key that is in the token already.

    Raises:
        OperatorError: as ``TokenKey.open``, or its public half is not there.
    """
    session = _session(uri)
    private = _find(session, uri)
    with _told(uri):
        halves = list(
            session.get_objects(
                {**_named(uri), Attribute.CLASS: ObjectClass.PUBLIC_KEY}
            )
        )
        if not halves:
            raise OperatorError(
                f"token {uri.token_name} has no public key {uri.key_name} beside the "
                "private one: a verifier needs it"
            )
        point = halves[0][Attribute.EC_POINT]
    # Bare, or in an OCTET STRING: libraries differ.
    raw = point.removeprefix(b"\x04\x20") if len(point) == 34 else point
    if len(raw) != 32:
        raise _no_ed25519(uri)
    _try(private, Ed25519PublicKey.from_public_bytes(raw), uri)
    return multibase.public_multikey(raw)


_sessions: dict[tuple[KeyUri, bool], pkcs11.Session] = {}
"""Sessions of this process, by token and whether they write. Closing one would log
the others out; the library ends them with the process."""


def _session(uri: KeyUri, *, write: bool = False) -> pkcs11.Session:
    kept = (replace(uri, object=None, id=None), write)
    if kept not in _sessions:
        with _told(uri):
            _sessions[kept] = _login(_token(uri), uri, write=write)
    return _sessions[kept]


def _login(token: pkcs11.Token, uri: KeyUri, *, write: bool) -> pkcs11.Session:
    if token.flags & TokenFlag.USER_PIN_LOCKED:
        raise pkcs11.PinLocked
    if Mechanism.EDDSA not in token.slot.get_mechanisms():
        raise pkcs11.MechanismInvalid
    try:
        return token.open(rw=write, user_pin=pkcs11_pin(uri.token_name))
    except pkcs11.UserAlreadyLoggedIn:
        return token.open(rw=write)


def _token(uri: KeyUri) -> pkcs11.Token:
    path = uri.module
    if path is None:
        raise OperatorError(
            f"no PKCS#11 module for token {uri.token_name}: name its library with "
            "LRW_PKCS11_MODULE"
        )
    try:
        module = pkcs11.lib(path)
    except (pkcs11.PKCS11Error, OSError):
        raise OperatorError(
            f"the PKCS#11 module {path} cannot be loaded: install or configure it, or "
            "name another with LRW_PKCS11_MODULE"
        ) from None
    found = [token for token in module.get_tokens() if _is(token, uri)]
    if not found:
        raise OperatorError(
            f"no token {uri.token_name} at {path}: connect it, start its service, "
            "or restore it from the vendor's backup"
        )
    if len(found) > 1:
        raise OperatorError(
            f"{len(found)} tokens are {uri.token_name}: add ;serial=… to the URI"
        )
    return found[0]


def _is(token: pkcs11.Token, uri: KeyUri) -> bool:
    stated = {
        "token": token.label,
        "serial": token.serial.decode("ascii", "replace"),
        "manufacturer": token.manufacturer_id,
        "model": token.model,
    }
    return all(getattr(uri, name) in (None, said) for name, said in stated.items())


def _find(session: pkcs11.Session, uri: KeyUri) -> SignMixin:
    with _told(uri):
        found = list(
            session.get_objects(
                {**_named(uri), Attribute.CLASS: ObjectClass.PRIVATE_KEY}
            )
        )
        if not found:
            raise OperatorError(
                f"token {uri.token_name} has no private key {uri.key_name}: restore it "
                "from the vendor's backup"
            )
        if len(found) > 1:
            raise OperatorError(
                f"token {uri.token_name} has {len(found)} private keys "
                f"{uri.key_name}: add ;id=… to the URI"
            )
        key = found[0]
        if key[Attribute.KEY_TYPE] != KeyType.EC_EDWARDS:
            raise _no_ed25519(uri)
        if not isinstance(key, SignMixin):
            raise OperatorError(
                f"the key {uri.key_name} in token {uri.token_name} may not sign"
            )
        if key[Attribute.EXTRACTABLE] or not key[Attribute.SENSITIVE]:
            raise OperatorError(
                f"the key {uri.key_name} can be read out of token {uri.token_name}: "
                "make one that cannot"
            )
        return key


def _try(key: SignMixin, public: Ed25519PublicKey, uri: KeyUri) -> None:
    data = _TRIAL + secrets.token_bytes(16)
    with _told(uri):
        signature = key.sign(data, mechanism=Mechanism.EDDSA)
    if len(signature) != 64:
        raise _no_ed25519(uri)
    try:
        public.verify(signature, data)
    except InvalidSignature:
        raise OperatorError(
            f"the key {uri.key_name} in token {uri.token_name} is not the one that "
            "the key file names: restore the one or the other"
        ) from None


def _named(uri: KeyUri) -> dict[Attribute, str | bytes | ObjectClass]:
    named = {Attribute.LABEL: uri.object, Attribute.ID: uri.id}
    return {name: value for name, value in named.items() if value is not None}


def _no_ed25519(uri: KeyUri) -> OperatorError:
    return OperatorError(
        f"the key {uri.key_name} in token {uri.token_name} is no Ed25519 key"
    )


@contextmanager
def _told(uri: KeyUri) -> Iterator[None]:
    """Say in one line what the token refuses; never with what was sent to it."""
    try:
        yield
    except pkcs11.PKCS11Error as error:
        # A session may be what is broken: the next try opens another.
        _sessions.clear()
        said = _SAID.get(type(error), f"it refuses ({type(error).__name__})")
        raise OperatorError(f"token {uri.token_name}: {said}") from None
