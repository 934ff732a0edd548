"""What landing has to say about a file or a package, before it becomes a finding.

Belongs here: one small value that every check can return. Does not belong here: the
words a college reads (``returns``), or findings about rows, which stay in frames.
"""

from dataclasses import dataclass


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
    """

    edit_id: str
    severity: str
    feed: str | None = None
    line: int | None = None
    column: str | None = None
    value: str | None = None
    count: int = 1
