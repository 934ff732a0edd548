"""Manifests that are no manifests, or say what cannot be."""

import json
from collections.abc import Callable
from typing import Any

from hostile_package import (
    WAITING,
    Expected,
    Group,
    Package,
    accepted,
    full_state,
    held,
    refused,
    rejected,
)

group = Group("manifest")
case = group.case

Document = dict[str, Any]


def _raw(name: str, expected: Expected, make: Callable[[Document], bytes]) -> None:
    """The bytes of the manifest themselves."""

    def build(package: Package) -> None:
        package.manifest = make

    group.add(f"manifest: {name}", expected, build)


def _said(name: str, expected: Expected, change: Callable[[Document], object]) -> None:
    """A manifest that says something else."""

    def build(package: Package) -> None:
        def edit(document: Document) -> None:
            change(document)

        package.on_manifest = edit

    group.add(f"manifest: {name}", expected, build)


def _text(document: Document) -> str:
    return json.dumps(document)


F01 = rejected("F01")

_raw("empty", F01, lambda _: b"")
_raw("not JSON", F01, lambda _: b"spec_version = 1.0\n")
_raw("cut off", F01, lambda d: _text(d).encode()[:-40])
_raw("an array", F01, lambda d: f"[{_text(d)}]".encode())
_raw("a string", F01, lambda _: b'"manifest"')
_raw("a number", F01, lambda _: b"1.0")
_raw("null", F01, lambda _: b"null")
_raw("two documents", F01, lambda d: (_text(d) * 2).encode())
_raw("a remark in it", F01, lambda d: ("// nightly\n" + _text(d)).encode())
_raw("single quotes", F01, lambda d: _text(d).replace('"', "'").encode())
_raw("a comma at the end", F01, lambda d: (_text(d)[:-1] + ",}").encode())
_raw("a byte-order mark", F01, lambda d: _text(d).encode("utf-8-sig"))
_raw("UTF-16", F01, lambda d: _text(d).encode("utf-16"))
_raw("UTF-32", F01, lambda d: _text(d).encode("utf-32"))
_raw("Windows-1252", F01, lambda d: _text(d | {"x": ""})[:-2].encode() + b'\xe9"}')
_raw("a NUL byte at the end", F01, lambda d: _text(d).encode() + b"\0")
_raw(
    "indented, with spaces around",
    accepted(),
    lambda d: ("\n " + json.dumps(d, indent=8) + "\n\n").encode(),
)
_raw("gzip", F01, lambda d: __import__("gzip").compress(_text(d).encode(), mtime=0))
_raw("100,000 arrays deep", F01, lambda d: _nested(d, "[" * 100_000 + "]" * 100_000))
_raw(
    "100,000 objects deep",
    F01,
    lambda d: _nested(d, '{"a":' * 100_000 + "1" + "}" * 100_000),
)
_raw(
    "control totals 900 objects deep",
    F01,
    lambda d: _nested(d, '{"by_term":' * 900 + "1" + "}" * 900, key="control"),
)
_raw(
    "a key twice",
    F01,
    lambda d: (_text(d)[:-1] + ', "institution_code": "LAWSON"}').encode(),
)
_raw(
    "a key twice in an inner object",
    F01,
    lambda d: (
        _text(d).replace('"kind": "full"', '"kind": "full", "kind": "full"').encode()
    ),
)
_raw("NaN", F01, lambda d: _nested(d, '{"headcount": NaN}', key="control"))
_raw("Infinity", F01, lambda d: _nested(d, '{"headcount": Infinity}', key="control"))
_raw("1e400", F01, lambda d: _nested(d, '{"headcount": 1e400}', key="control"))
_raw(
    "an integer of 400 digits as a total",
    F01,
    lambda d: _nested(d, '{"headcount": ' + "9" * 400 + "}", key="control"),
)
_raw("an integer of 5,000 digits", F01, lambda d: _nested(d, "9" * 5_000))
_raw(
    "a million keys",
    F01,
    lambda d: _nested(d, "{" + ",".join(f'"k{n}":{n}' for n in range(1_000_000)) + "}"),
)
_raw("20 MB of text", F01, lambda d: _nested(d, '"' + "x" * 20_000_000 + '"'))
_raw("4 MB of text", accepted(), lambda d: _nested(d, '"' + "x" * 4_000_000 + '"'))
_raw(
    "a lone surrogate in a name of a control total",
    F01,
    lambda d: _nested(d, r'{"\ud800": 1}', key="control"),
)
_raw(
    "a lone surrogate in a feed",
    F01,
    lambda d: _text(d).replace('"feed": "term"', r'"feed": "\ud800"').encode(),
)
_raw(
    "a NUL in a feed",
    F01,
    lambda d: _text(d).replace('"feed": "term"', r'"feed": "te\u0000rm"').encode(),
)
_raw(
    "a __proto__ and a class",
    accepted(),
    lambda d: _nested(
        d, '{"__class__": "os.system", "$ref": "file:///etc/passwd"}', key="__proto__"
    ),
)


def _nested(document: Document, text: str, key: str = "source") -> bytes:
    return (_text(document)[:-1] + f', "{key}": {text}}}').encode()


for _field in (
    "spec_version",
    "package_id",
    "institution_code",
    "mode",
    "as_of",
    "files",
):
    _said(f"without {_field}", F01, lambda d, name=_field: d.pop(name))

for _field, _value in (
    ("spec_version", "2.0"),
    ("spec_version", 1.0),
    ("package_id", "../../../../tmp/evil"),
    ("package_id", "package-1"),
    ("package_id", ""),
    ("institution_code", ""),
    ("institution_code", "X" * 41),
    ("institution_code", None),
    ("mode", "full"),
    ("mode", "delta"),
    ("scope", {"kind": "terms"}),
    ("scope", {"kind": "terms", "terms": []}),
    ("scope", {"kind": "full", "terms": ["202610"]}),
    ("scope", "full"),
    ("as_of", "2026-09-01"),
    ("as_of", "2026-09-01T22:00:00"),
    ("as_of", "2026-02-30T22:00:00-05:00"),
    ("as_of", "2026-09-01T22:00:00-99:00"),
    ("as_of", "0001-01-01T00:00:00+00:00"),
    ("as_of", "9999-12-31T23:59:59-12:00"),
    ("as_of", 1_788_076_800),
    ("timezone", "../../../etc/passwd"),
    ("timezone", "Alabama"),
    ("timezone", ""),
    ("files", {}),
    ("files", "person.csv"),
    ("files", [None]),
    ("control", []),
    ("previous_package_id", 7),
):
    _said(
        f"{_field} is {json.dumps(_value)[:40]}",
        F01,
        lambda d, name=_field, value=_value: d.update({name: value}),
    )

_said("unknown fields", accepted(), lambda d: d.update(sent_by="x", extra=[1, 2]))
_said(
    "package_id in small letters",
    accepted(),
    lambda d: d.update(package_id=d["package_id"].lower()),
)
_said(
    "another college's code",
    rejected("F03"),
    lambda d: d.update(institution_code="CVCC"),
)
_said(
    "a college nobody knows",
    rejected("F03"),
    lambda d: d.update(institution_code="'; DROP TABLE ledger;--"),
)
_said(
    "the code in small letters",
    rejected("F03"),
    lambda d: d.update(institution_code=d["institution_code"].lower()),
)
_said(
    "as_of in the year 2099",
    held("F09"),
    lambda d: d.update(as_of="2099-01-01T00:00:00-06:00"),
)
_said(
    "an empty list of files",
    Expected("held", "", frozenset({"F04", "F12"})),
    lambda d: d.update(files=[]),
)
_said(
    "a delta on nothing",
    held("F10"),
    lambda d: (
        d.update(
            mode="delta", previous_package_id="00000000-0000-4000-8000-0000000000ff"
        ),
        d.pop("scope"),
    ),
)
_said(
    "a right distinct_students",
    accepted(),
    lambda d: _file(d).update(distinct_students=120),
)
_said(
    "a wrong distinct_students",
    held("F18"),
    lambda d: _file(d).update(distinct_students=121),
)


def _file(document: Document) -> Document:
    return document["files"][-1]


for _field, _value in (
    ("rows", "120"),
    ("rows", 120.0),
    ("rows", True),
    ("rows", -1),
    ("rows", 10**30),
    ("bytes", 10**30),
    ("bytes", -1),
    ("sha256", "0" * 63),
    ("sha256", "g" * 64),
    ("sha256", ""),
    ("encoding", "utf-7"),
    ("encoding", "utf-32"),
    ("encoding", "rot13"),
    ("encoding", "base64"),
    ("encoding", "unicode_escape"),
    ("encoding", "idna"),
    ("encoding", "mbcs"),
    ("encoding", "x" * 100_000),
    ("encoding", "utf-8\0"),
    ("delimiter", ""),
    ("delimiter", ",,"),
    ("delimiter", "\n"),
    ("delimiter", "§"),
    ("delimiter", '"'),
    ("quote", ","),
    ("quote", "\n"),
    ("quote", '""'),
    ("header", False),
    ("feed", "grades"),
    ("feed", "../person"),
    ("feed", "term"),
    ("null_tokens", "NULL"),
    ("null_tokens", [None]),
    ("distinct_students", -1),
    ("distinct_students", 10**30),
):
    _said(
        f"a file's {_field} is {json.dumps(_value)[:40]}",
        F01,
        lambda d, name=_field, value=_value: _file(d).update({name: value}),
    )

_said(
    "a feed of the system office",
    rejected("F03"),
    lambda d: d["files"].append(
        _file(d) | {"feed": "equivalency", "name": "equivalency.csv"}
    ),
)
_said(
    "15,000 feeds nobody knows",
    F01,
    lambda d: d.update(
        files=[
            _file(d) | {"feed": f"feed{n}", "name": f"f{n}.csv", "sha256": "0" * 64}
            for n in range(15_000)
        ]
    ),
)
_said("more rows than there are", refused("F06"), lambda d: _file(d).update(rows=121))
_said("fewer rows than there are", refused("F06"), lambda d: _file(d).update(rows=119))
_said(
    "one byte more",
    refused("F05"),
    lambda d: _file(d).update(bytes=_file(d)["bytes"] + 1),
)
_said(
    "one byte fewer",
    refused("F05"),
    lambda d: _file(d).update(bytes=_file(d)["bytes"] - 1),
)
_said("ten gigabytes", refused("F05"), lambda d: _file(d).update(bytes=10 << 30))
_said("another SHA-256", refused("F05"), lambda d: _file(d).update(sha256="0" * 64))
_said(
    "SHA-256 in capitals",
    accepted(),
    lambda d: _file(d).update(sha256=_file(d)["sha256"].upper()),
)
_said(
    "a required feed is not listed",
    Expected("held", "held", frozenset({"F04"})),
    lambda d: d["files"].pop(0),
)


@case("no manifest: the package is not complete", WAITING)
def _(package: Package) -> None:
    package.on_folder = lambda folder: (folder / "manifest.json").unlink()


@case("a manifest still under its temporary name", WAITING)
def _(package: Package) -> None:
    package.on_folder = lambda folder: (folder / "manifest.json").rename(
        folder / "manifest.json.part"
    )


@case("MANIFEST.JSON in capitals", WAITING)
def _(package: Package) -> None:
    package.on_folder = lambda folder: (folder / "manifest.json").rename(
        folder / "MANIFEST.JSON"
    )


def _control(package: Package, students: int) -> None:
    package.state = full_state()
    package.on_manifest = lambda document: document.update(
        control={"headcount": students}
    )


@case("manifest: a right control total", accepted())
def _(package: Package) -> None:
    _control(package, 120)


@case("manifest: a wrong control total", held("F18"))
def _(package: Package) -> None:
    _control(package, 121)
