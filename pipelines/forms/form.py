"""The forms of a record; here alone, since the command line names them at its start."""

from enum import StrEnum


class Form(StrEnum):
    """The forms of a record, by the field's words."""

    CLR = "clr"
    BADGES = "badges"
    PRESENTATION = "presentation"
    HTML = "html"
    PDF = "pdf"
    PESC = "pesc"
