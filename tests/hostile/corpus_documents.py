"""XML and JSON of the dialects: bombs, references outward, nesting without end."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from hostile_package import Expected, Group, Package, aside, held

group = Group("documents")
_LAUGHS = "".join(
    f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(10)
)


def _document(
    name: str, content: bytes, dialect: str, sent_as: str, told_of: str, said: Expected
) -> None:
    """A good package that brings this document besides."""
    file_name = f"document.{'xml' if dialect == 'pesc' else 'json'}"
    entry = {
        "feed": sent_as,
        "dialect": dialect,
        "name": file_name,
        "rows": 1,
        "bytes": len(content),
        "sha256": sha256(content).hexdigest(),
    }

    def build(package: Package) -> None:
        def edit(manifest: dict[str, Any]) -> None:
            manifest["files"].append(entry)

        def write(folder: Path) -> None:
            (folder / file_name).write_bytes(content)

        package.feed = told_of
        package.on_manifest = edit
        package.on_folder = write

    group.add(name, said, build)


def _xml(name: str, content: str, edit_id: str = "F20") -> None:
    """A transcript; what is wrong with it is told of the feed it is mainly."""
    raw = content.encode()
    _document(f"XML: {name}", raw, "pesc", "transcript", "person", held(edit_id))


def _json(name: str, content: str | bytes, said: Expected | None = None) -> None:
    """A badge: one that is no document is put aside, and stops no other."""
    raw = content if isinstance(content, bytes) else content.encode()
    expected = said or aside(1, "F20")
    _document(f"JSON: {name}", raw, "open_badges", "credential", "badge", expected)


def _with_doctype(inside: str, body: str = "&x;") -> str:
    return f"<!DOCTYPE r [{inside}]><r>{body}</r>"


_xml("a billion laughs", _with_doctype(_LAUGHS, "&l9;"))
_xml(
    "a quadratic blow-up",
    _with_doctype(f'<!ENTITY x "{"a" * 50_000}">', "&x;" * 5_000),
)
_xml(
    "an entity that is a file", _with_doctype('<!ENTITY x SYSTEM "file:///etc/hosts">')
)
_xml(
    "an entity that is an address",
    _with_doctype('<!ENTITY x SYSTEM "http://127.0.0.1:9/x">'),
)
_xml("an external DTD", '<!DOCTYPE r SYSTEM "http://127.0.0.1:9/x.dtd"><r/>')
_xml(
    "an inclusion",
    '<r xmlns:xi="http://www.w3.org/2001/XInclude">'
    '<xi:include href="file:///etc/hosts" parse="text"/></r>',
)
_xml("200,000 levels", "<a>" * 200_000 + "</a>" * 200_000)
_xml("a text of 12 MB", f"<r>{'x' * 12_000_000}</r>")
_xml("a million elements", f"<r>{'<a/>' * 1_000_000}</r>")
_xml("cut off", "<r><a>")
_xml("two roots", "<r/><r/>")
_xml("HTML", "<html><body><p>502 Bad Gateway<br></body></html>")
_json("100,000 levels", "[" * 100_000 + "]" * 100_000, held("F20", file_is=""))
_json("100 levels", '{"badge": ' + "[" * 100 + "]" * 100 + "}")
_json("a key twice", '{"id": "a", "id": "b"}')
_json("NaN", '{"id": NaN}')
_json("cut off", '{"id": "a"')
_json("40 MB in one object", json.dumps({"id": "x" * 40_000_000}))
_json("bytes that are no UTF-8", b'{"id": "Caf\xe9"}', held("F08", file_is=""))
