"""Why two college students may be one person: exact rules, the model, the gates.

Belongs here: everything that judges a pair of students by what is known of both. Does
not belong here: which pairs a night acts on, and the learners that come of it
(``night``); what is known (``representation``).

``find_pairs`` writes the view ``pair``, one row an unordered pair of college students
worth deciding, the first being the lesser by (institution_code, student_id):

- ``a_institution_code``, ``a_student_id``, ``b_institution_code``, ``b_student_id``;
- ``kind`` (``exact`` or ``model``), ``decided_by``: rule or model and its version;
- ``weight``: log2 of the odds the model gives, null for exact; ``probability``;
- ``verdict``: ``link``, ``review`` or ``no`` (near the band only, unless ``keep_all``);
- ``gate``: the gate that kept a pair from being linked, null where none did;
- ``reasons``: plain English without a value of anybody's;
- ``parts``: struct(comparison, level, bits) whose bits add up to ``weight``;
- ``evidence_hash``: MD5 that names all that is known of both, and the rule or model.
"""

from pipelines.identity.evidence.model import settings
from pipelines.identity.evidence.pairs import find_pairs
from pipelines.identity.evidence.policy import Policy, load_policy
from pipelines.identity.evidence.train import train

__all__ = ["Policy", "find_pairs", "load_policy", "settings", "train"]
