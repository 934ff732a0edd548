"""Which counts of people may be shown, when tables share margins and releases repeat.

Belongs here: hiding cells of linked tables of counts until no hidden one can be
bounded more tightly than the rules state. Does not belong here: what the counts mean,
where they come from, who is told what (``pipelines.disclosure``). Decision 027.
"""

from pipelines.suppression.rules import Rules, SuppressionError
from pipelines.suppression.suppressor import Released, suppress

__all__ = ["Released", "Rules", "SuppressionError", "suppress"]
