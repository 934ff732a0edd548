"""Line ends, blank lines, trailers, and files that stop too early."""

from hostile_package import Group, Package, accepted, aside, held, refused

group = Group("line structure")
case = group.case


@case("CRLF", accepted())
def _(package: Package) -> None:
    package.edit(b"\n", b"\r\n", count=-1)


@case("CR alone ends a line: an old Macintosh", accepted())
def _(package: Package) -> None:
    package.edit(b"\n", b"\r", count=-1)


@case("LF and CRLF in one file", accepted())
def _(package: Package) -> None:
    package.edit(b"\n", b"\r\n", count=60)


@case("LF, CRLF and CR in one file", accepted())
def _(package: Package) -> None:
    lines = [line.rstrip(b"\n") for line in package.lines()]
    ends = (b"\n", b"\r\n", b"\r")
    package.replace(
        b"".join(line + ends[index // 41] for index, line in enumerate(lines))
    )


@case("LF CR: the ends the wrong way round", accepted())
def _(package: Package) -> None:
    package.edit(b"\n", b"\n\r", count=-1)


@case("CR CR LF: a file sent as text twice", accepted())
def _(package: Package) -> None:
    package.edit(b"\n", b"\r\r\n", count=-1)


@case("a CR in a comment, unquoted", refused("F06"))
def _(package: Package) -> None:
    package.edit(b"Food bank 7,", b"Food\rbank 7,")


@case("a CR in a comment, unquoted, and counted as a row", aside(2, "F20"))
def _(package: Package) -> None:
    package.edit(b"Food bank 7,", b"Food\rbank 7,")
    package.rows["experience"] = 121


@case("an LF in a comment, unquoted", refused("F06"))
def _(package: Package) -> None:
    package.edit(b"Food bank 7,", b"Food\nbank 7,")


@case("line breaks inside quotes", accepted())
def _(package: Package) -> None:
    for row in package.state["experience"][::3]:
        row["organization"] = "Pantry\nSecond floor\nRoom 3"


@case("CRLF inside quotes in a file of LF", accepted())
def _(package: Package) -> None:
    package.set("organization", "Pantry\r\nSecond floor")


@case("a CR inside quotes", accepted())
def _(package: Package) -> None:
    package.edit(b"Food bank 7,", b'"Food\rbank 7",')


@case("a quoted field of blank lines", accepted())
def _(package: Package) -> None:
    package.set("organization", "Pantry" + "\n" * 50 + "Room 3")


@case("blank lines between the rows", accepted())
def _(package: Package) -> None:
    package.edit(b"\n", b"\n\n", count=-1)


@case("blank lines at the end", accepted())
def _(package: Package) -> None:
    package.replace(package.bytes_of() + b"\n" * 1000)


@case("a blank first line", refused("F07"))
def _(package: Package) -> None:
    package.replace(b"\n" + package.bytes_of())


@case("a line of spaces that the manifest does not count", refused("F06"))
def _(package: Package) -> None:
    package.replace(package.bytes_of() + b"   \n")


@case("a line of spaces that the manifest counts", aside(1, "F20"))
def _(package: Package) -> None:
    package.replace(package.bytes_of() + b"   \n", rows=121)


@case(
    "a line of delimiters that the manifest counts",
    aside(
        1,
        "EXP-experience_id-REQUIRED",
        "EXP-experience_type-REQUIRED",
        "EXP-student_id-REQUIRED",
        "EXP-title-REQUIRED",
        "EXP-verification-REQUIRED",
    ),
)
def _(package: Package) -> None:
    package.replace(package.bytes_of() + b"," * 12 + b"\n", rows=121)


@case("no line break at the end", accepted())
def _(package: Package) -> None:
    package.replace(package.bytes_of().removesuffix(b"\n"))


@case("the last line is cut off", refused("F20"))
def _(package: Package) -> None:
    package.replace(package.bytes_of()[:-60])


@case("the file is cut off inside quotes", refused("F20"))
def _(package: Package) -> None:
    package.set("organization", 'The "best" pantry', row=119)
    content = package.bytes_of()
    package.replace(content[: content.index(b'pantry",')])


@case("the file is cut off between two lines", refused("F06"))
def _(package: Package) -> None:
    package.replace_lines(package.lines()[:80])


@case("the header is all there is, and the manifest says so", accepted())
def _(package: Package) -> None:
    package.state["experience"] = []


@case("the header is all there is, and the manifest counts rows", refused("F06"))
def _(package: Package) -> None:
    package.replace_lines(package.lines()[:1])


@case(
    "a required file with a header only: its children are orphans",
    held("F15", "PID-Q04"),
)
def _(package: Package) -> None:
    package.feed = "person_identifier"
    package.state["person"] = []


@case("an empty file", refused("F07"))
def _(package: Package) -> None:
    package.replace(b"")


@case("an empty file that says it has no rows", refused("F07"))
def _(package: Package) -> None:
    package.replace(b"", rows=0)


@case("one line break", refused("F07"))
def _(package: Package) -> None:
    package.replace(b"\n", rows=0)


@case("nothing but line breaks, a million", refused("F07"))
def _(package: Package) -> None:
    package.replace(b"\n" * 1_000_000, rows=0)


@case("nothing but spaces", refused("F07"))
def _(package: Package) -> None:
    package.replace(b" " * 100_000, rows=0)


@case("nothing but a byte-order mark", refused("F07"))
def _(package: Package) -> None:
    package.replace(b"\xef\xbb\xbf", rows=0)


@case("a right trailer", accepted())
def _(package: Package) -> None:
    package.replace(package.bytes_of() + b"TRAILER,120\n")


@case("a trailer that counts more rows", refused("F20"))
def _(package: Package) -> None:
    package.replace(package.bytes_of() + b"TRAILER,121\n")


@case("a right trailer without a line break", accepted())
def _(package: Package) -> None:
    package.replace(package.bytes_of() + b"TRAILER,120")


@case("a trailer in the middle: two extracts in one", aside(1, "F20"))
def _(package: Package) -> None:
    lines = package.lines()
    lines.insert(60, b"TRAILER,59\n")
    package.replace_lines(lines, rows=121)


@case("a trailer with a number of 5,000 digits", refused("F20"))
def _(package: Package) -> None:
    package.replace(package.bytes_of() + b"TRAILER," + b"9" * 5000 + b"\n")


@case("a trailer in Arabic digits", aside(1, "F20"))
def _(package: Package) -> None:
    content = package.bytes_of() + "TRAILER,١٢٠\n".encode()
    package.replace(content, rows=121)


@case("SQL*Plus says how many rows it selected", refused("F06"))
def _(package: Package) -> None:
    package.replace(package.bytes_of() + b"\n120 rows selected.\n\nSQL> spool off\n")


@case("a DOS end of file (ctrl-Z)", refused("F20"))
def _(package: Package) -> None:
    package.replace(package.bytes_of() + b"\x1a")


@case(
    "two files put together: the header again in the middle",
    aside(
        1,
        "EXP-Q01",
        "EXP-Q04",
        "EXP-end_date-TYPE",
        "EXP-experience_type-CODE",
        "EXP-hours-TYPE",
        "EXP-record_updated_at-TYPE",
        "EXP-start_date-TYPE",
        "EXP-verification-CODE",
    ),
)
def _(package: Package) -> None:
    lines = package.lines()
    lines.insert(60, lines[0])
    package.replace_lines(lines, rows=121)


@case("the header twice, the second time not counted", refused("F06"))
def _(package: Package) -> None:
    lines = package.lines()
    package.replace_lines([lines[0], *lines])


@case("rows with a field too many", aside(2, "F20"))
def _(package: Package) -> None:
    lines = package.lines()
    for number in (7, 9):
        lines[number] = lines[number].replace(b"Food bank", b"Food, bank")
    package.replace_lines(lines)


@case("rows with a field too few", aside(2, "F20"))
def _(package: Package) -> None:
    lines = package.lines()
    for number in (7, 9):
        lines[number] = lines[number].replace(b",SVL,", b",")
    package.replace_lines(lines)


@case("every row has a field too many: the header lost one", held("F15", "F20"))
def _(package: Package) -> None:
    lines = package.lines()
    package.replace_lines(
        lines[:1] + [line.replace(b"\n", b",\n") for line in lines[1:]]
    )


@case("git's conflict marks in the file", aside(3, "F20"))
def _(package: Package) -> None:
    lines = package.lines()
    lines.insert(20, b"<<<<<<< HEAD\n")
    lines.insert(30, b"=======\n")
    lines.insert(40, b">>>>>>> extract\n")
    package.replace_lines(lines, rows=123)


def _inside(name: str, character: str) -> None:
    def build(package: Package) -> None:
        for row in package.state["experience"]:
            row["organization"] = f"Pantry{character}two"

    group.add(f"{name} inside a field is no line break", accepted(), build)


_inside("a form feed", "\f")
_inside("a vertical tab", "\v")
_inside("a file separator (1C)", "\x1c")
_inside("a record separator (1E)", "\x1e")
_inside("U+0085 (next line)", "\u0085")
_inside("U+2028 (line separator)", "\u2028")
_inside("U+2029 (paragraph separator)", "\u2029")
_inside("an escape sequence of a terminal", "\x1b[31m")
_inside("a backspace", "\b")
_inside("a ctrl-Z in the middle", "\x1a")


@case("ten megabytes of blank lines", accepted(), heavy=True)
def _(package: Package) -> None:
    package.replace(package.bytes_of() + b"\n" * 10_000_000)


@case("200,000 rows of commas", refused("F15"), heavy=True)
def _(package: Package) -> None:
    rows = 200_000
    package.replace(package.bytes_of() + (b"," * 12 + b"\n") * rows, rows=rows + 120)


@case(
    "a hundred thousand identical rows", accepted("F13", collapsed=99_999), heavy=True
)
def _(package: Package) -> None:
    lines = package.lines()
    package.replace_lines([*lines, lines[-1] * 99_999], rows=100_119)
