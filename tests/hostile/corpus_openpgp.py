"""OpenPGP packages that are not their college's, or not whole."""

import atexit
import shutil
from functools import cache
from pathlib import Path

from college_keys import Keys
from hostile_package import DAY, Expected, Group, Package, accepted, rejected
from hostile_zips import files_of, zipped

from pipelines.settings import Home

group = Group("OpenPGP")
_NAME = f"{DAY}.zip.pgp"


@cache
def _keys() -> Keys:
    """The keys of this run, made when the first case asks for them."""
    keys = Keys().__enter__()
    atexit.register(keys.__exit__)
    return keys


def _case(name: str, expected: Expected, *how: str, cut: int = 0) -> None:
    """The package as an archive that gpg has worked on.

    Args:
        how: Arguments of gpg; a word in capitals is the owner of a key.
        cut: So many bytes are missing at the end.
    """

    def build(package: Package) -> None:
        def change(folder: Path) -> None:
            keys = _keys()
            ring = Home(folder.parents[2]).openpgp
            if not ring.exists():
                keys.fill(ring)
            owners = {"OFFICE": keys.office, "COLLEGE": keys.college}
            owners |= {"NEIGHBOUR": keys.neighbour, "STRANGER": keys.stranger}
            plain = keys.root / "plain.zip"
            plain.write_bytes(zipped(files_of(folder)))
            sealed = folder.with_name(_NAME)
            words = [owners.get(word, word) for word in how]
            keys.gpg(*words, "--output", sealed, plain)
            content = sealed.read_bytes()
            sealed.write_bytes(content[: len(content) - cut])
            sealed.with_name(f"{_NAME}.done").touch()
            shutil.rmtree(folder)

        package.delivered_as = _NAME
        package.on_folder = change
        package.signs = True

    group.add(f"OpenPGP: {name}", expected, build)


_TO_US = ("--encrypt", "--recipient", "OFFICE")
_BY_COLLEGE = ("--sign", "--local-user", "COLLEGE")
_BY_NEIGHBOUR = ("--sign", "--local-user", "NEIGHBOUR")
_case("as it should be", accepted(), *_BY_COLLEGE, *_TO_US)
_case("signed by a neighbour", rejected("F22"), *_BY_NEIGHBOUR, *_TO_US)
_case(
    "signed by nobody we know",
    rejected("F22"),
    *("--sign", "--local-user", "STRANGER", *_TO_US),
)
_case(
    "signed by the college and by a neighbour",
    rejected("F22"),
    *(*_BY_COLLEGE, "--local-user", "NEIGHBOUR", *_TO_US),
)
_case("not signed", rejected("F22"), *_TO_US)
_case("signed and not encrypted", rejected("F22"), *_BY_COLLEGE)
_case(
    "locked with a password alone",
    rejected("F22"),
    *("--symmetric", "--passphrase", "2026"),
)
_case(
    "for another office",
    rejected("F22"),
    *(*_BY_COLLEGE, "--encrypt", "--recipient", "STRANGER"),
)
_case("cut off", rejected("F22"), *_BY_COLLEGE, *_TO_US, cut=200)
_case("the last byte is missing", rejected("F22"), *_BY_COLLEGE, *_TO_US, cut=1)
