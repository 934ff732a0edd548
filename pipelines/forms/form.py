"""The forms and parts of a record; alone, since the command line names them first."""

from enum import StrEnum


class Form(StrEnum):
    """The forms of a record, by the field's words."""

    CLR = "clr"
    BADGES = "badges"
    PRESENTATION = "presentation"
    HTML = "html"
    PDF = "pdf"
    PESC = "pesc"
    JWT = "jwt"


class Part(StrEnum):
    """What of a record can be handed out by itself."""

    TRANSFERS = "transfers"
    SKILLS = "skills"
    AWARDS = "awards"
