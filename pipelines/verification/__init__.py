"""Everything that can be said of a credential from outside, one line a check.

The checks are those of 1EdTech's public validator, in its order, with status lists and
binding as a reader of grades needs them. Nothing is fetched unless the caller hands in
a way to.

Belongs here: documents that anybody may have made. Does not belong here: making them,
and the bytes of a snapshot (``pipelines.publishing``).
"""

from pipelines.verification.examination import examine
from pipelines.verification.report import Check, Report, Verdict

__all__ = ["Check", "Report", "Verdict", "examine"]
