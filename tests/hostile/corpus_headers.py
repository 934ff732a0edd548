"""Headers that are missing, doubled, renamed or enormous."""

from collections.abc import Callable

from hostile_package import Group, Package, accepted, aside, held, refused

group = Group("headers")
case = group.case


def _header(package: Package, change: Callable[[bytes], bytes]) -> None:
    lines = package.lines()
    package.replace_lines([change(lines[0]), *lines[1:]])


def _extra(package: Package, name: bytes, value: bytes = b"x") -> None:
    """One more column at the end of every line."""
    lines = [line.rstrip(b"\n") for line in package.lines()]
    package.replace(
        b"\n".join([lines[0] + b"," + name, *(s + b"," + value for s in lines[1:])])
        + b"\n"
    )


@case("no header", refused("F07"))
def _(package: Package) -> None:
    package.replace_lines(package.lines()[1:], rows=119)


@case("a required column is missing", refused("F07"))
def _(package: Package) -> None:
    _header(package, lambda line: line.replace(b"verification", b"verified_by"))


@case("an optional column is missing", accepted("F07"))
def _(package: Package) -> None:
    _header(package, lambda line: line.replace(b"organization", b"x_org"))


@case("a column twice", refused("F07"))
def _(package: Package) -> None:
    _header(package, lambda line: line.replace(b"organization", b"title"))


@case("a column twice in other letters", refused("F07"))
def _(package: Package) -> None:
    _header(package, lambda line: line.replace(b"organization", b"TITLE"))


@case("a column twice, once with a space", refused("F07"))
def _(package: Package) -> None:
    _header(package, lambda line: line.replace(b"organization", b" title "))


@case("columns in another order", accepted())
def _(package: Package) -> None:
    lines = [line.rstrip(b"\n").split(b",") for line in package.lines()]
    package.replace(b"".join(b",".join(reversed(f)) + b"\n" for f in lines))


@case("column names in capitals, with spaces around", accepted())
def _(package: Package) -> None:
    _header(package, lambda line: line.upper().replace(b",", b" , "))


@case("column names of another kind of dash", refused("F07"))
def _(package: Package) -> None:
    _header(package, lambda line: line.replace(b"_", b"-"))


@case("a zero-width space in a column name", refused("F07"))
def _(package: Package) -> None:
    _header(package, lambda s: s.replace(b"student_id", "student_id\u200b".encode()))


@case("a column name with a Cyrillic letter", refused("F07"))
def _(package: Package) -> None:
    _header(package, lambda line: line.replace(b"student_id", "studеnt_id".encode()))


@case("a line break in a column name", refused("F07"))
def _(package: Package) -> None:
    _header(package, lambda line: line.replace(b"student_id", b'"student\n_id"'))


@case("a column nobody asked for", accepted("F07"))
def _(package: Package) -> None:
    _extra(package, b"favourite_colour")


@case("SQL in a column name", accepted("F07"))
def _(package: Package) -> None:
    _extra(package, b"x'); DROP TABLE experience;--")


@case("a formula in a column name", accepted("F07"))
def _(package: Package) -> None:
    _extra(package, b"=HYPERLINK(0)")


@case("one column without a name: a comma at the end of every line", accepted("F07"))
def _(package: Package) -> None:
    _extra(package, b"", b"")


@case("two columns without names", refused("F07"))
def _(package: Package) -> None:
    _extra(package, b",", b",")


@case("a comma at the end of the header only", held("F07", "F15", "F20"))
def _(package: Package) -> None:
    _header(package, lambda line: line.replace(b"\n", b",\n"))


@case("_row and _line as column names", accepted("F07"))
def _(package: Package) -> None:
    _extra(package, b"_row,_line,institution_code,as_of", b"1,1,EVIL,1900-01-01")


@case("one column of the whole header: no delimiter in it", refused("F07"))
def _(package: Package) -> None:
    _header(package, lambda line: line.replace(b",", b" "))


@case("10,000 more columns", refused("F07"), heavy=True)
def _(package: Package) -> None:
    names = b",".join(b"extra_%d" % number for number in range(10_000))
    _extra(package, names, b"," * 9_999)


@case("a thousand more columns", accepted("F07"))
def _(package: Package) -> None:
    names = b",".join(b"extra_%d" % number for number in range(1_000))
    _extra(package, names, b"," * 999)


@case("100,000 more columns", refused("F07"), heavy=True)
def _(package: Package) -> None:
    names = b",".join(b"e%d" % number for number in range(100_000))
    _extra(package, names, b"," * 99_999)


@case("a header of more than 1 MB", refused("F20"))
def _(package: Package) -> None:
    _header(package, lambda line: line.replace(b"\n", b"," + b"x" * 1_100_000 + b"\n"))


@case("a column name of 900 KB", refused("F20"))
def _(package: Package) -> None:
    _extra(package, b"x" * 900_000)


@case("a quote in the header joins it with the next lines", refused("F20"))
def _(package: Package) -> None:
    package.set("organization", 'The "best" pantry', row=0)
    package.edit(b",title,", b',ti"tle,')
    package.edit(b'pantry",', b"pantry,")
    package.edit(b"\n", b"\r\n", count=-1)


@case("a remark before the header", refused("F07"))
def _(package: Package) -> None:
    package.replace(b"# extracted by nightly job\n" + package.bytes_of())


@case("Excel's sep=, before the header", refused("F07"))
def _(package: Package) -> None:
    package.replace(b"sep=,\n" + package.bytes_of())


@case("a title and a blank line before the header", refused("F07"))
def _(package: Package) -> None:
    package.replace(b"Experience Extract\n\n" + package.bytes_of())


@case("the file of another feed", refused("F07"))
def _(package: Package) -> None:
    package.replace(package.bytes_of("person"))


@case(
    "the values of two columns swapped",
    aside(1, "EXP-experience_type-CODE", "EXP-verification-CODE"),
)
def _(package: Package) -> None:
    package.set("verification", "SVL")
    package.set("experience_type", "FACULTY")
