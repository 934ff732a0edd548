"""Files in the wrong encoding, in several, or in none."""

from hostile_package import Group, Package, accepted, aside, refused

group = Group("encodings")
case = group.case


def _accents(package: Package, rows: int = 120) -> str:
    for row in package.state["experience"][:rows]:
        row["organization"] = "Café Núñez"
    return package.bytes_of().decode()


def _raw(package: Package, value: bytes, rows: int = 1) -> None:
    """Put bytes into the title of some rows."""
    lines = package.lines()
    for number in range(7, 7 + rows):
        lines[number] = lines[number].replace(b"Food bank", value, 1)
    package.replace_lines(lines)


def _one_row(name: str, value: bytes) -> None:
    group.add(name, aside(1, "F08"), lambda package: _raw(package, value))


_one_row("one row of Windows-1252 in a UTF-8 file", b"Caf\xe9")
_one_row("overlong UTF-8 for a slash", b"\xc0\xaf")
_one_row("overlong UTF-8 in three bytes", b"\xe0\x80\xaf")
_one_row("a UTF-16 surrogate written as UTF-8", b"\xed\xa0\x80")
_one_row("a surrogate pair written as UTF-8 (CESU-8)", b"\xed\xa0\xbd\xed\xb8\x80")
_one_row("a five-byte UTF-8 sequence", b"\xf8\x88\x80\x80\x80")
_one_row("a code point above U+10FFFF", b"\xf4\x90\x80\x80")
_one_row("a multi-byte character cut in the middle", b"Caf\xc3")
_one_row("a continuation byte on its own", b"\x80\x80")
_one_row("bytes that are in no encoding (FE FF inside)", b"\xfe\xff")
_one_row("U+FFFD that some earlier program left", "Caf\ufffd".encode())
_one_row("text decoded twice through Windows-1252", "CafÃ©".encode())
_one_row("an apostrophe decoded twice through Windows-1252", "Itâ€™s".encode())
_one_row(
    "an apostrophe decoded twice through Latin-1", "It\u00e2\u0080\u0099s".encode()
)
_one_row("text decoded three times", "CafÃ©".encode().decode("cp1252").encode())


@case("UTF-8 with a byte-order mark", accepted())
def _(package: Package) -> None:
    package.replace(b"\xef\xbb\xbf" + _accents(package).encode())


@case("UTF-8 with a byte-order mark, declared as utf-8-sig", accepted())
def _(package: Package) -> None:
    package.replace(_accents(package).encode("utf-8-sig"), encoding="utf-8-sig")


@case("two byte-order marks at the start", refused("F20"))
def _(package: Package) -> None:
    package.replace(b"\xef\xbb\xbf" * 2 + package.bytes_of())


@case("a byte-order mark in the middle: two files in one", refused("F20"))
def _(package: Package) -> None:
    lines = package.lines()
    lines[60] = b"\xef\xbb\xbf" + lines[60]
    package.replace_lines(lines)


@case("a byte-order mark inside a field", refused("F20"))
def _(package: Package) -> None:
    package.edit(b"Food bank 7", b"Food \xef\xbb\xbfbank 7")


@case("UTF-16 with its mark, declared", accepted())
def _(package: Package) -> None:
    package.replace(_accents(package).encode("utf-16"), encoding="utf-16")


@case("big-endian UTF-16 with its mark, declared as utf-16", accepted())
def _(package: Package) -> None:
    text = "\ufeff" + _accents(package)
    package.replace(text.encode("utf-16-be"), encoding="utf-16")


@case("UTF-16 without a mark, declared as utf-16-le", accepted())
def _(package: Package) -> None:
    package.replace(_accents(package).encode("utf-16-le"), encoding="utf-16-le")


@case("UTF-16 with a mark, declared as utf-16-le", accepted())
def _(package: Package) -> None:
    text = "\ufeff" + _accents(package)
    package.replace(text.encode("utf-16-le"), encoding="utf-16-le")


@case("UTF-16 in the other byte order than declared", refused("F07"))
def _(package: Package) -> None:
    package.replace(_accents(package).encode("utf-16-be"), encoding="utf-16-le")


@case("UTF-16 that says nothing of it, declared as utf-8", refused("F08"))
def _(package: Package) -> None:
    package.replace(_accents(package).encode("utf-16"))


@case("UTF-16 without a mark, declared as utf-8", refused("F20"))
def _(package: Package) -> None:
    package.replace(_accents(package).encode("utf-16-le"))


@case("UTF-16 cut in the middle of its last character", aside(1, "F08"))
def _(package: Package) -> None:
    text = _accents(package).removesuffix("\n") + "é"
    package.replace(text.encode("utf-16-le")[:-1], encoding="utf-16-le")


@case("UTF-16 with a lone surrogate in one row", aside(1, "F08"))
def _(package: Package) -> None:
    text = _accents(package).replace("Food bank 9,", "Food \ud800bank 9,")
    content = text.encode("utf-16-le", errors="surrogatepass")
    package.replace(content, encoding="utf-16-le")


@case("UTF-8 declared as utf-16", refused("F07"))
def _(package: Package) -> None:
    package.replace(_accents(package).encode(), encoding="utf-16")


@case("UTF-32, declared as utf-8", refused("F08"))
def _(package: Package) -> None:
    package.replace(_accents(package).encode("utf-32"))


@case("UTF-32, declared as utf-16", refused("F20"))
def _(package: Package) -> None:
    package.replace(_accents(package).encode("utf-32-le"), encoding="utf-16-le")


@case("UTF-7, which is ASCII to anyone", accepted())
def _(package: Package) -> None:
    package.replace(_accents(package).encode("utf-7"))


@case("Windows-1252 declared as utf-8", refused("F08"))
def _(package: Package) -> None:
    package.replace(_accents(package).encode("cp1252"))


@case("Windows-1252, declared", accepted())
def _(package: Package) -> None:
    package.replace(_accents(package).encode("cp1252"), encoding="windows-1252")


@case("a byte that Windows-1252 does not have", aside(1, "F08"))
def _(package: Package) -> None:
    _raw(package, b"Caf\x81")
    package.said["experience"]["encoding"] = "windows-1252"


@case("UTF-8 declared as Windows-1252", refused("F08"))
def _(package: Package) -> None:
    package.replace(_accents(package).encode(), encoding="windows-1252")


@case("UTF-8 declared as Latin-1", refused("F08"))
def _(package: Package) -> None:
    package.replace(_accents(package).encode(), encoding="iso-8859-1")


@case("Latin-1, declared", accepted())
def _(package: Package) -> None:
    package.replace(_accents(package).encode("latin-1"), encoding="iso-8859-1")


@case("Windows-1252 quotes in a file declared as Latin-1", accepted())
def _(package: Package) -> None:
    for row in package.state["experience"]:
        row["organization"] = "Women’s shelter"
    package.replace(package.bytes_of().decode().encode("cp1252"), encoding="latin-1")


@case("ISO 8859-15 with a euro sign, declared", accepted())
def _(package: Package) -> None:
    text = _accents(package).replace("Food bank 7,", "Food bank 7 €,")
    package.replace(text.encode("iso-8859-15"), encoding="iso-8859-15")


@case("ASCII declared, one accent in it", aside(1, "F08"))
def _(package: Package) -> None:
    _raw(package, b"Caf\xe9")
    package.said["experience"]["encoding"] = "ascii"


@case("half of the file UTF-8, half Windows-1252", refused("F08"))
def _(package: Package) -> None:
    lines = _accents(package).splitlines(keepends=True)
    whole = "".join(lines[:60]).encode() + "".join(lines[60:]).encode("cp1252")
    package.replace(whole)


@case("EBCDIC, declared as utf-8", refused("F07"))
def _(package: Package) -> None:
    package.replace(package.bytes_of().decode().encode("cp037"))


@case("Shift-JIS, declared as utf-8", refused("F08"))
def _(package: Package) -> None:
    for row in package.state["experience"]:
        row["organization"] = "食料銀行"
    package.replace(package.bytes_of().decode().encode("shift-jis"))


@case("GB18030, declared as utf-8", refused("F08"))
def _(package: Package) -> None:
    for row in package.state["experience"]:
        row["organization"] = "食品银行"
    package.replace(package.bytes_of().decode().encode("gb18030"))


@case("all rows decoded twice", refused("F08"))
def _(package: Package) -> None:
    package.replace(_accents(package).encode().decode("cp1252").encode())


@case("U+FFFD in all rows", refused("F08"))
def _(package: Package) -> None:
    package.replace(_accents(package).replace("é", "\ufffd").encode())


@case("an undecodable byte in a column name", refused("F07"))
def _(package: Package) -> None:
    package.edit(b"experience_type", b"experience\xe9type")


@case("a NUL byte in a field", refused("F20"))
def _(package: Package) -> None:
    package.edit(b"Food bank 7", b"Food\x00bank 7")


@case("fields padded with NUL bytes", refused("F20"))
def _(package: Package) -> None:
    package.edit(b"FACULTY", b"FACULTY\x00\x00\x00", count=-1)


@case("NUL bytes at the end: a block device's padding", refused("F20"))
def _(package: Package) -> None:
    package.replace(package.bytes_of() + bytes(4096))


@case("nothing but NUL bytes: a disk that was full", refused("F20"))
def _(package: Package) -> None:
    package.replace(bytes(4096))


@case("a NUL byte in the header", refused("F20"))
def _(package: Package) -> None:
    package.edit(b"student_id", b"student\x00id")
