"""Files of another kind under the name of a feed."""

import base64
import gzip
import io
import json
import pickle
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable
from email.message import EmailMessage

import openpyxl
from hostile_package import Expected, Group, Package, refused

group = Group("disguises")

F07, F20 = refused("F07"), refused("F20")


def _is(name: str, expected: Expected, make: Callable[[bytes], bytes]) -> None:
    def build(package: Package) -> None:
        package.replace(make(package.bytes_of()))

    group.add(f"really {name}", expected, build)


def _workbook(content: bytes) -> bytes:
    book = openpyxl.Workbook()
    for line in content.decode().splitlines():
        book.active.append(line.split(","))  # type: ignore[union-attr]
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _zip(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("experience.csv", content)
    return out.getvalue()


def _tar(content: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        member = tarfile.TarInfo("../../experience.csv")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def _mail(content: bytes) -> bytes:
    mail = EmailMessage()
    mail["Subject"] = "tonight's file"
    mail.add_attachment(content, maintype="text", subtype="csv", filename="e.csv")
    return mail.as_bytes()


def _table(content: bytes) -> bytes:
    rows = (f"<tr><td>{line}</td></tr>" for line in content.decode().splitlines())
    return f"\n  <html><table>{''.join(rows)}</table></html>".encode()


def _markdown(content: bytes) -> bytes:
    lines = ["| " + s.replace(",", " | ") + " |" for s in content.decode().splitlines()]
    return "\n".join(lines).encode()


def _insert(content: bytes) -> bytes:
    lines = content.decode().splitlines()[1:]
    return "\n".join(f"INSERT INTO experience VALUES ('{s}');" for s in lines).encode()


def _json(content: bytes) -> bytes:
    lines = [line.split(",") for line in content.decode().splitlines()]
    rows = [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]
    return json.dumps(rows).encode()


def _json_lines(content: bytes) -> bytes:
    return b"\n".join(json.dumps(row).encode() for row in json.loads(_json(content)))


def _database(content: bytes) -> bytes:
    with sqlite3.connect(":memory:") as con:
        con.execute("create table experience (line text)")
        con.executemany(
            "insert into experience values (?)", [[s] for s in content.decode().split()]
        )
        return con.serialize()


_is("an Excel workbook", F07, _workbook)
_is("a zip archive", F07, _zip)
_is("an old Excel workbook", F07, lambda _: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 64)
_is(
    "an HTML error page",
    F07,
    lambda _: b"<!DOCTYPE html>\n<html><body><h1>502 Bad Gateway</h1></body></html>\n",
)
_is("an HTML table", F07, _table)
_is("HTML after a byte-order mark", F07, lambda c: b"\xef\xbb\xbf" + _table(c))
_is("XML", F07, lambda _: b'<?xml version="1.0"?><rows><row id="1"/></rows>')
_is(
    "XML with an entity bomb",
    F07,
    lambda _: b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><x>&b;</x>',
)
_is("a PDF", F07, lambda _: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n" + bytes(99))
_is("gzip under another name", F07, lambda c: gzip.compress(c, mtime=0))
_is("bzip2", F20, lambda c: __import__("bz2").compress(c))
_is("xz", F20, lambda c: __import__("lzma").compress(c))
_is("a tar archive with a path that escapes", F20, _tar)
_is("JSON", F07, _json)
_is("JSON lines", F07, _json_lines)
_is("a mail with the file attached", F07, _mail)
_is("base64 of the file", F07, base64.encodebytes)
_is(
    "OpenPGP in armour",
    F07,
    lambda c: (
        b"-----BEGIN PGP MESSAGE-----\n\n"
        + base64.encodebytes(c)
        + b"-----END PGP MESSAGE-----\n"
    ),
)
_is(
    "a private key",
    F07,
    lambda _: (
        b"-----BEGIN %s-----\nMC4CAQAwBQYDK2VwBCIE\n-----END %s-----\n"
        % ((b"PRIVATE KEY",) * 2)
    ),
)
_is("RTF", F07, lambda _: rb"{\rtf1\ansi{\fonttbl\f0 Arial;}\f0 Experience}")
_is("a Markdown table", F07, _markdown)
_is("SQL statements", F07, _insert)
_is(
    "an Oracle error",
    F07,
    lambda _: b"ERROR at line 1:\nORA-00942: table or view does not exist\n",
)
_is(
    "a Python traceback",
    F07,
    lambda _: (
        b'Traceback (most recent call last):\n  File "x.py", line 1\nKeyError: 1\n'
    ),
)
_is("a shell script", F07, lambda _: b"#!/bin/sh\nrm -rf /\n")
_is("a database file", F20, _database)
_is("a Python pickle", F20, lambda c: pickle.dumps({"rows": c}))
_is(
    "a PNG image", F20, lambda _: b"\x89PNG\r\n\x1a\n" + bytes(16) + b"IHDR" + bytes(99)
)
_is("a program", F20, lambda _: b"\x7fELF\x02\x01\x01" + bytes(200))
_is(
    "random bytes", F20, lambda _: bytes((n * 7919 + n // 3) % 256 for n in range(9999))
)
_is("fixed width", F07, lambda c: c.replace(b",", b"    "))
_is("YAML", F07, lambda _: b"---\n- student_id: A0001\n  title: !!python/object x\n")
