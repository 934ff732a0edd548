"""Quotes that open and do not close, delimiters where they do not belong."""

from hostile_package import Group, Package, accepted, aside, held, refused

group = Group("quoting")
case = group.case


@case("a quote opens in the middle and never closes", refused("F20"))
def _(package: Package) -> None:
    package.edit(b"Food bank 7,", b'"Food bank 7,')


@case("a quote opens in the last line and never closes", refused("F20"))
def _(package: Package) -> None:
    package.edit(b"Food bank 119,", b'"Food bank 119,')


@case("a quote opens in the header and never closes", refused("F20"))
def _(package: Package) -> None:
    package.edit(b"student_id,", b'"student_id,')


@case("a quote opens and another closes it fifty lines later", refused("F06"))
def _(package: Package) -> None:
    package.edit(b"Food bank 7,", b'"Food bank 7,')
    package.edit(b"Food bank 57,", b'Food bank 57",')


@case("inch marks in two rows join what is between them", refused("F20"))
def _(package: Package) -> None:
    package.edit(b"Food bank 7,", b'Food 5" bank 7,')
    package.edit(b"Food bank 17,", b'Food 5" bank 17,')


@case("a pair of stray quotes in one row", aside(1, "F20"))
def _(package: Package) -> None:
    package.edit(b"Food bank 7,", b'Food "bank" 7,')


@case("letters after the closing quote", aside(1, "F20"))
def _(package: Package) -> None:
    package.edit(b"Food bank 7,", b'"Food bank" 7,')


@case("a space before the opening quote", aside(1, "F20"))
def _(package: Package) -> None:
    package.edit(b"Food bank 7,", b' "Food bank 7",')


@case("a space after the closing quote", aside(1, "F20"))
def _(package: Package) -> None:
    package.edit(b"Food bank 7,", b'"Food bank 7" ,')


@case("quotes escaped with a backslash", aside(1, "F20"))
def _(package: Package) -> None:
    package.edit(b"Food bank 7,", rb'"The \"best\" bank",')


@case("a backslash before the closing quote", accepted())
def _(package: Package) -> None:
    package.edit(b"Food bank 7,", b'"Food bank 7\\",')


@case("quotes doubled as they should be", accepted())
def _(package: Package) -> None:
    for row in package.state["experience"]:
        row["organization"] = 'The "best" pantry, "truly"'


@case("a field that is one quote", accepted())
def _(package: Package) -> None:
    package.set("organization", '"')


@case("a field of a thousand quotes", accepted())
def _(package: Package) -> None:
    package.set("evidence_url", '"' * 500)


@case("every field quoted, header too", accepted())
def _(package: Package) -> None:
    lines = package.bytes_of().decode().splitlines()
    quoted = ['"' + line.replace(",", '","') + '"\n' for line in lines]
    package.replace("".join(quoted).encode())


@case("single quotes declared and used", accepted())
def _(package: Package) -> None:
    package.edit(b"Food bank 7,", b"'Food, bank''s 7',", quote="'")


@case("single quotes declared, and an O'Neal without", refused("F20"))
def _(package: Package) -> None:
    package.edit(b"Food bank 7,", b"O'Neal's, bank 7'", quote="'")


@case("typographic quotes are letters", accepted())
def _(package: Package) -> None:
    package.set("organization", "The “best” pantry ‘too’ «oui»")


@case("no quotes declared, and quotes in a value", accepted())
def _(package: Package) -> None:
    package.edit(b"Food bank 7,", b'Food 5" bank 7,', quote="")


@case("no quotes declared, and a delimiter inside quotes", aside(1, "F20"))
def _(package: Package) -> None:
    package.edit(b"Food bank 7,", b'"Food, bank 7",', quote="")


@case("quote null in the manifest", accepted())
def _(package: Package) -> None:
    package.edit(b"Food bank 7,", b'Food 5" bank 7,', quote=None)


@case("tabs, declared", accepted())
def _(package: Package) -> None:
    package.edit(b",", b"\t", count=-1, delimiter="\t")


@case("pipes in a pipe file", aside(1, "F20"))
def _(package: Package) -> None:
    package.edit(b",", b"|", count=-1, delimiter="|")
    package.edit(b"Food bank 7|", b"Food|bank 7|")


@case("semicolons where commas are declared", refused("F07"))
def _(package: Package) -> None:
    package.edit(b",", b";", count=-1)


@case("two delimiters in one file: commas, then semicolons", held("F15", "F20"))
def _(package: Package) -> None:
    lines = package.lines()
    late = [line.replace(b",", b";") for line in lines[60:]]
    package.replace_lines(lines[:60] + late)


@case("the delimiter is a letter", refused("F07"))
def _(package: Package) -> None:
    package.replace(package.bytes_of(), delimiter="e")


@case("the delimiter is a space", refused("F07"))
def _(package: Package) -> None:
    package.replace(package.bytes_of(), delimiter=" ")


@case("a null token that is a real value", aside(1, "EXP-verification-REQUIRED"))
def _(package: Package) -> None:
    package.set("verification", "STAFF")
    package.replace(package.bytes_of(), null_tokens=["STAFF"])


@case("null tokens declared and used", accepted())
def _(package: Package) -> None:
    for row, token in zip(
        package.state["experience"], ["(null)", "NULL", ".", "999999.99"], strict=False
    ):
        row["hours"] = token
    package.replace(
        package.bytes_of(), null_tokens=["(null)", "NULL", ".", "999999.99"]
    )


@case("a hundred thousand null tokens", accepted())
def _(package: Package) -> None:
    tokens = [f"nothing {number}" for number in range(100_000)]
    package.replace(package.bytes_of(), null_tokens=tokens)
