"""Multibase base58btc and multikeys of Ed25519 and P-256, both ways.

Source: W3C Controlled Identifiers 1.0 §2.4 (base-58-btc, prefix ``z``) and §2.2.2
(Multikey: multicodec ``0xed01`` before the 32 bytes of an Ed25519 public key,
``0x8024`` before the 33 of a compressed P-256 point).
Belongs here: the encoding alone. Does not belong here: where keys live (``keys.py``).
"""

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_INDEX = {letter: value for value, letter in enumerate(_ALPHABET)}
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_CHUNK = 58**4
_ED25519_PUBLIC = b"\xed\x01"
_ED25519_SECRET = b"\x80\x26"
_P256_PUBLIC = b"\x80\x24"
_P256_SECRET = b"\x86\x26"
_LONGEST = 128
"""No key or signature here is longer; decoding is quadratic in the length."""


def encode(data: bytes) -> str:
    """``z`` and the base58btc text of ``data``."""
    number = int.from_bytes(data)
    chunks = []
    while number:
        number, chunk = divmod(number, _CHUNK)
        chunks.append(_PAIRS[chunk // 58**2] + _PAIRS[chunk % 58**2])
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "z" + "1" * zeros + "".join(reversed(chunks)).lstrip("1")


def decode(text: str) -> bytes:
    """The bytes of a ``z…`` text.

    Raises:
        ValueError: the text is not base58btc multibase, or longer than any key.
    """
    if not text.startswith("z") or len(text) > _LONGEST:
        raise ValueError("not a base58btc multibase value")
    number = 0
    for letter in text[1:]:
        if letter not in _INDEX:
            raise ValueError("not a base58btc multibase value")
        number = number * 58 + _INDEX[letter]
    zeros = len(text) - 1 - len(text[1:].lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8)


def public_multikey(raw: bytes) -> str:
    """``z6Mk…`` of a 32-byte Ed25519 public key."""
    return encode(_ED25519_PUBLIC + raw)


def secret_multikey(raw: bytes) -> str:
    """``z3u2…`` of a 32-byte Ed25519 secret seed."""
    return encode(_ED25519_SECRET + raw)


def public_bytes(multikey: str) -> bytes:
    """The 32 bytes of a ``z6Mk…`` multikey.

    Raises:
        ValueError: it is not an Ed25519 public key.
    """
    return _key_bytes(multikey, _ED25519_PUBLIC, 32)


def secret_bytes(multikey: str) -> bytes:
    """The 32-byte seed of a ``z3u2…`` multikey.

    Raises:
        ValueError: it is not an Ed25519 secret key.
    """
    return _key_bytes(multikey, _ED25519_SECRET, 32)


def p256_public_multikey(point: bytes) -> str:
    """``zDna…`` of a compressed P-256 point, 33 bytes."""
    return encode(_P256_PUBLIC + point)


def p256_secret_multikey(scalar: bytes) -> str:
    """``z42t…`` of a P-256 secret scalar, 32 bytes big-endian."""
    return encode(_P256_SECRET + scalar)


def p256_public_bytes(multikey: str) -> bytes:
    """The compressed point of a ``zDna…`` multikey, 33 bytes.

    Raises:
        ValueError: it is not a P-256 public key.
    """
    return _key_bytes(multikey, _P256_PUBLIC, 33)


def p256_secret_bytes(multikey: str) -> bytes:
    """The scalar of a ``z42t…`` multikey, 32 bytes.

    Raises:
        ValueError: it is not a P-256 secret key.
    """
    return _key_bytes(multikey, _P256_SECRET, 32)


def _key_bytes(multikey: str, prefix: bytes, length: int) -> bytes:
    data = decode(multikey)
    if len(data) != len(prefix) + length or not data.startswith(prefix):
        raise ValueError("not a multikey of the expected kind")
    return data[len(prefix) :]
