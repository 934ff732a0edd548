"""Zips that try something: the tricks of ``tests/delivery``, beside all the others."""

import shutil
from pathlib import Path

from hostile_package import DAY, Expected, Group, Package, accepted, rejected
from hostile_zips import HOSTILE, Zip, files_of, zipped

group = Group("archives")


def _zip(name: str, expected: Expected, make: Zip) -> None:
    """The package as one archive, whose sender says that it is complete."""

    def build(package: Package) -> None:
        def change(folder: Path) -> None:
            archive = folder.with_name(f"{DAY}.zip")
            archive.write_bytes(make(files_of(folder)))
            shutil.rmtree(folder)
            archive.with_name(f"{archive.name}.done").touch()

        package.delivered_as = f"{DAY}.zip"
        package.on_folder = change

    group.add(f"zip: {name}", expected, build)


_zip("as it should be", accepted(), zipped)
_zip("cut off", rejected("F21"), lambda files: zipped(files)[:-30])
_zip("of zero bytes", rejected("F21"), lambda _: b"")
for _trick, (_make, _) in HOSTILE.items():
    _zip(_trick, rejected("F01" if _trick == "no manifest" else "F21"), _make)
