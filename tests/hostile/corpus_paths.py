"""File names, folders, and entries of a folder that are no files."""

import os
import socket
import stat
from pathlib import Path

from hostile_package import (
    DAY,
    WAITING,
    Expected,
    Group,
    Package,
    accepted,
    refused,
    rejected,
)

group = Group("names and paths")
case = group.case


def _name(name: str, expected: Expected) -> None:
    """The victim's file under another name, in the manifest and in the folder."""

    def build(package: Package) -> None:
        package.said["experience"] = {"name": name}

    group.add(f"a file named {name[:40]!r}", expected, build)


for _bad in (
    "a*.csv",
    "a?.csv",
    "a[1].csv",
    "it's.csv",
    'say "x".csv',
    "a;b.csv",
    "a b.csv",
    "-rf.csv",
    ".hidden.csv",
    "..",
    "../person.csv",
    "/etc/passwd",
    "sub/person.csv",
    "..\\person.csv",
    "C:\\data\\person.csv",
    "a\nb.csv",
    "a\tb.csv",
    "a\\b.csv",
    "$HOME.csv",
    "a%2e%2e.csv",
    "naïve.csv",
    "a\u202egnp.csv",
    "college=EVIL",
    "s3://bucket/x.csv",
    "x" * 121 + ".csv",
    "",
):
    _name(_bad, rejected("F01"))

for _fine in ("experience", "experience.txt", "EXPERIENCE.CSV", "e..csv", "a-b_c.csv"):
    _name(_fine, accepted())


@case("a file named in a language of control characters", rejected("F01"))
def _(package: Package) -> None:
    package.said["experience"] = {"name": "a\x1b[31m.csv"}


@case("a file name with a NUL", rejected("F01"))
def _(package: Package) -> None:
    def edit(document: dict[str, list[dict[str, str]]]) -> None:
        document["files"][-1]["name"] = "a\0b.csv"

    package.on_manifest = edit


@case("the manifest lists itself as a file", rejected("F04"))
def _(package: Package) -> None:
    package.said["experience"] = {"name": "manifest.json"}


@case("two files under one name", rejected("F01"))
def _(package: Package) -> None:
    package.said["experience"] = {"name": "term.csv"}


@case("a name in other letters than the file's", rejected("F04"))
def _(package: Package) -> None:
    package.on_folder = lambda folder: (folder / "experience.csv").rename(
        folder / "Experience.csv"
    )


@case("a listed file is missing", rejected("F04"))
def _(package: Package) -> None:
    package.on_folder = lambda folder: (folder / "experience.csv").unlink()


@case("a file that is not listed", accepted("F04"))
def _(package: Package) -> None:
    package.on_folder = lambda folder: _write(folder / "notes.txt", b"call me")


@case("a thousand files that are not listed", accepted("F04"))
def _(package: Package) -> None:
    def fill(folder: Path) -> None:
        for number in range(1_000):
            _write(folder / f"extra{number}.csv", b"x")

    package.on_folder = fill


@case("unlisted files with hostile names", accepted("F04"))
def _(package: Package) -> None:
    def fill(folder: Path) -> None:
        for name in ("=cmd|'x'!A0.csv", "a\nb.csv", "<script>.csv", "*", "a\x1b[31m"):
            _write(folder / name, b"x")
        _write(folder / os.fsdecode(b"caf\xe9.csv"), b"x")

    package.on_folder = fill


@case("an executable of the right content", accepted())
def _(package: Package) -> None:
    package.said["experience"] = {"name": "experience.exe"}
    package.on_folder = lambda folder: (folder / "experience.exe").chmod(0o777)


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _instead(name: str, expected: Expected, *, as_root: bool = False):  # type: ignore[no-untyped-def]
    """Something else in the place of the victim's file."""

    def register(make):  # type: ignore[no-untyped-def]
        def build(package: Package) -> None:
            def change(folder: Path) -> None:
                path = folder / "experience.csv"
                path.rename(folder.parent / f".moved-{folder.parent.name}")
                make(path, folder.parent / f".moved-{folder.parent.name}")

            package.on_folder = change

        group.add(name, expected, build, as_root=as_root)
        return make

    return register


F04 = rejected("F04")


@_instead("a FIFO in place of a file", F04)
def _fifo(path: Path, moved: Path) -> None:
    os.mkfifo(path)


@_instead("a link to the file", F04)
def _link(path: Path, moved: Path) -> None:
    path.symlink_to(moved)


@_instead("a link to /etc/passwd", F04)
def _passwd(path: Path, moved: Path) -> None:
    path.symlink_to("/etc/passwd")


@_instead("a link to itself", F04)
def _loop(path: Path, moved: Path) -> None:
    path.symlink_to(path)


@_instead("a link to /dev/zero", F04)
def _zero(path: Path, moved: Path) -> None:
    path.symlink_to("/dev/zero")


@_instead("a folder in place of a file", F04)
def _folder(path: Path, moved: Path) -> None:
    path.mkdir()


@_instead("a socket in place of a file", F04)
def _socket(path: Path, moved: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's name may have 107 bytes
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(here)


@_instead("a device in place of a file", F04, as_root=True)
def _device(path: Path, moved: Path) -> None:
    os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 5))


@_instead("a hard link, which is the file", accepted())
def _hard(path: Path, moved: Path) -> None:
    path.hardlink_to(moved)


@_instead("a file that is still growing", refused("F05"))
def _growing(path: Path, moved: Path) -> None:
    path.write_bytes(moved.read_bytes()[:2000])


@_instead("a file of four gigabytes of holes", refused("F05"))
def _sparse(path: Path, moved: Path) -> None:
    with path.open("wb") as file:
        file.truncate(4 << 30)


@case(
    "a sparse file of two gigabytes, as the manifest says", refused("F05"), heavy=True
)
def _(package: Package) -> None:
    size = 2 << 30
    package.said["experience"] = {"bytes": size}

    def change(folder: Path) -> None:
        with (folder / "experience.csv").open("wb") as file:
            file.truncate(size)

    package.on_folder = change


def _manifest_is(name: str, expected: Expected):  # type: ignore[no-untyped-def]
    def register(make):  # type: ignore[no-untyped-def]
        def build(package: Package) -> None:
            def change(folder: Path) -> None:
                path = folder / "manifest.json"
                moved = folder.parent / ".manifest"
                path.rename(moved)
                make(path, moved)

            package.on_folder = change

        group.add(name, expected, build)
        return make

    return register


@_manifest_is("a link in place of the manifest", WAITING)
def _manifest_link(path: Path, moved: Path) -> None:
    path.symlink_to(moved)


@_manifest_is("a FIFO in place of the manifest", WAITING)
def _manifest_fifo(path: Path, moved: Path) -> None:
    os.mkfifo(path)


@_manifest_is("a folder in place of the manifest", WAITING)
def _manifest_folder(path: Path, moved: Path) -> None:
    path.mkdir()


def _delivery(name: str, expected: Expected, folder: str) -> None:
    def build(package: Package) -> None:
        package.folder = folder

    group.add(name, expected, build)


_delivery("a folder that is no date", WAITING, "tonight")
_delivery("a folder of a day that does not exist", WAITING, "2026-02-30")
_delivery("a folder of a copy", WAITING, f"{DAY} (copy)")
_delivery("a hidden folder", WAITING, f".{DAY}")
_delivery("a folder with a line break", WAITING, f"{DAY}\n")
_delivery("a folder in Arabic digits", WAITING, "٢٠٢٦-٠٩-٠١")
_delivery("a folder with a suffix", accepted(), f"{DAY}-2")


@case("a link in place of the delivery's folder", rejected("F21"))
def _(package: Package) -> None:
    def change(folder: Path) -> None:
        moved = folder.parent.parent / f".moved-{folder.parent.name}"
        folder.rename(moved)
        folder.symlink_to(moved)

    package.on_folder = change


def _mailbox(name: str) -> None:
    def build(package: Package) -> None:
        package.mailbox = name

    group.add(f"a mailbox named {name[:40]!r}", rejected("F03"), build)


for _box in (
    "EVIL",
    "'; DROP TABLE ledger;--",
    "college=EVIL",
    "a*b",
    "[A-Z]",
    "%s",
    "LAWSON ",
    "lawson",
    "a\nb",
    "é",
    "SYSTEM:NOBODY",
    "x" * 200,
):
    _mailbox(_box)


@case("a mailbox whose name is no text", WAITING)
def _(package: Package) -> None:
    package.mailbox = os.fsdecode(b"caf\xe9")


@case("a college that had closed before", rejected("F03"))
def _(package: Package) -> None:
    package.mailbox = "TCAT_LIV"

    def edit(document: dict[str, str]) -> None:
        document["institution_code"] = "TCAT_LIV"

    package.on_manifest = edit
