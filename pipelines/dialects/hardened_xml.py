"""XML from outside, parsed so that it can neither reach out nor blow up.

Refused before a parser sees them: a document type (entities, external DTDs, billion
laughs, quadratic blow-up all need one), bytes that are not the encoding they claim.
Refused by the parser: more than 256 levels, a text of more than 10 MB (libxml2's own
limits, in force without ``huge_tree``). Nothing is fetched: ``xsi:schemaLocation`` is
an attribute like any other and XInclude is refused by its namespace.

Belongs here: bytes to a tree of local names. Does not belong here: what the elements
mean (``pesc``). A refusal quotes no text of the document.
"""

import codecs
import re
from dataclasses import dataclass

from lxml import etree

from pipelines.landing.package.notes import Note
from pipelines.landing.reading.unpack import FileRefusedError

MAX_BYTES = 16 << 20
"""The public sample transcript of 24 courses has 73 KB; this is 200 times as much."""

MAX_ELEMENTS = 200_000

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ENCODINGS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "iso-8859-1": "iso-8859-1",
    "latin1": "iso-8859-1",
    "windows-1252": "windows-1252",
    "cp1252": "windows-1252",
}
_DECLARED = re.compile(
    rb"""\A\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']"""
)
_DECLARATION = re.compile(r"\A\s*<\?xml\s[^>]*\?>")
# What may stand before the root element, a document type apart (XML 1.0, 2.8).
_MISC = re.compile(r"\s+|<!--.*?-->|<\?.*?\?>", re.DOTALL)
_INCLUDE = "{http://www.w3.org/2001/XInclude}"


@dataclass(frozen=True)
class Document:
    """A parsed document.

    Attributes:
        root: Its root; every element is named by its local name alone.
        namespace: The namespace the root was in, or the empty string.
    """

    root: etree._Element
    namespace: str


def parse_xml(content: bytes) -> Document:
    """The document in ``content``.

    Args:
        content: One document: UTF-8, UTF-16 with or without byte-order mark and XML
            declaration, Latin-1 or Windows-1252 where declared.

    Raises:
        FileRefusedError: F08 for bytes that are not their encoding, F20 for everything
            that is not one plain, bounded, well-formed document.
    """
    if len(content) > MAX_BYTES:
        raise _refused("F20", f"the document is larger than {MAX_BYTES} bytes")
    text = _decoded(content)
    _check_prolog(text)
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        # libxml2 quotes names and values of the document.
        limit = any(
            entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log
        )
        what = "is nested too deeply or too large" if limit else "is not well-formed"
        raise _refused("F20", f"the XML {what}", error.lineno) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise _refused("F20", "the document has a document type (DOCTYPE)")
    namespace = etree.QName(root).namespace or ""
    _use_local_names(root)
    return Document(root, namespace)


def _refused(edit_id: str, value: str, line: int | None = None) -> FileRefusedError:
    return FileRefusedError(Note(edit_id, "F", line=line, value=value))


def _decoded(content: bytes) -> str:
    for mark, name in _BOMS:
        if content.startswith(mark):
            return _strictly(content[len(mark) :], name)
    # Without a mark, '<' and its NUL tell UTF-16 (XML 1.0, appendix F); the public
    # sample transcript of a college adaptor has neither declaration nor agreement.
    if content[:2] == b"<\0":
        return _strictly(content, "utf-16-le")
    if content[:2] == b"\0<":
        return _strictly(content, "utf-16-be")
    found = _DECLARED.match(content)
    stated = found[1].decode().lower() if found else "utf-8"
    if stated not in _ENCODINGS:
        raise _refused("F08", f"the document declares {stated} and is not in it", 1)
    return _strictly(content, _ENCODINGS[stated])


def _strictly(content: bytes, encoding: str) -> str:
    if encoding == "utf-32":
        raise _refused("F08", "UTF-32 is not an encoding of transcripts", 1)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        raise _refused("F08", f"undecodable bytes in {encoding}") from None
    at = text.find("\0")
    if at >= 0:
        raise _refused("F20", "a NUL character", text.count("\n", 0, at) + 1)
    at = text.find("\ufffd")
    if at >= 0:
        line = text.count("\n", 0, at) + 1
        raise _refused("F08", "a character that was lost before (U+FFFD)", line)
    return _DECLARATION.sub("", text, count=1) if "<?xml" in text[:200] else text


def _check_prolog(text: str) -> None:
    """Refuse a document type: it can only stand before the root element."""
    at = 0
    while found := _MISC.match(text, at):
        at = found.end()
    if text.startswith("<!DOCTYPE", at):
        line = text.count("\n", 0, at) + 1
        raise _refused("F20", "the document has a document type (DOCTYPE)", line)
    if not text.startswith("<", at):
        raise _refused("F20", "the file is not XML", 1)


def _use_local_names(root: etree._Element) -> None:
    """Drop namespaces: senders qualify transcripts in different ways and versions."""
    for count, element in enumerate(root.iter(etree.Element)):
        if count > MAX_ELEMENTS:
            raise _refused("F20", f"more than {MAX_ELEMENTS} elements")
        tag = str(element.tag)
        if tag[0] == "{":
            if tag.startswith(_INCLUDE):
                raise _refused("F20", "the document includes another (XInclude)")
            element.tag = tag[tag.index("}") + 1 :]
