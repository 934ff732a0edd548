"""What landing has to say about a file or a package, before it becomes a finding.

Belongs here: one small value that every check can return. Does not belong here: the
words a college reads (``returns``), or findings about rows, which stay in frames.
"""

from dataclasses import dataclass

_LONGEST = 500


@dataclass(frozen=True)
class Note:
    """One remark about a package or a file.

    Attributes:
        edit_id: The edit that was broken.
        severity: F refuses or holds, Q quarantines, W warns. It can be milder than
            the edit's own: an unknown extra column is F07 and only warns.
        feed: The feed, or None for the package.
        line: Physical line, header = 1; None when the remark is about no line.
        column: The column concerned.
        value: What was found; never personal data.
        count: How often.
        file: The file, where it is not the one of the feed.
        overridden_by: The decision that made it a warning; None when none did.
    """

    edit_id: str
    severity: str
    feed: str | None = None
    line: int | None = None
    column: str | None = None
    value: str | None = None
    count: int = 1
    file: str | None = None
    overridden_by: str | None = None

    def __post_init__(self) -> None:
        """Keep names and keys that a sender chose printable, and short."""
        for name in ("column", "value", "file"):
            text = getattr(self, name)
            if text is not None:
                object.__setattr__(self, name, printable(text))


def printable(text: str) -> str:
    """The text with what is no character escaped, at most 500 characters long.

    A file name that is no UTF-8 and a JSON string can hold lone surrogates, which no
    Parquet file and no terminal takes.
    """
    return text[:_LONGEST].encode("utf-8", "backslashreplace").decode()
