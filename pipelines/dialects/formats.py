"""Which parser reads a file of which format.

Belongs here: the one table of parsers. Does not belong here: a parser.
"""

from pipelines.dialects import credentials, pesc
from pipelines.dialects.delimited import parse_delimited
from pipelines.dialects.fixed import parse_fixed
from pipelines.dialects.model import Format
from pipelines.dialects.source import Parser

PARSERS: dict[Format, Parser] = {
    "delimited": parse_delimited,
    "fixed": parse_fixed,
    "xml": pesc.parse,
    "json": credentials.parse,
}
