"""The names of the columns of ``representation``, in order.

Belongs here: names and nothing else. Does not belong here: how they are filled
(``normalise``, ``gather``).
"""

NAMES = ("first_name", "middle_name", "last_name", "suffix")
"""The columns that a row of ``person_name`` replaces."""

SENT = (
    *NAMES,
    "preferred_first_name",
    "birth_date",
    "birth_date_quality",
    "sex",
    "email_personal",
    "email_college",
    "phone",
    "address_line1",
    "city",
    "postal_code",
    "high_school_code",
    "high_school_grad_year",
)
"""What makes two descriptions of a student different ones."""

IDENTIFIERS = {
    "ssn": "SSN",
    "itin": "ITIN",
    "pseudo_ssn": "PSEUDO_SSN",
    "state_ps_id": "STATE_PS_ID",
    "state_k12_id": "STATE_K12_ID",
    "email_identifier": "EMAIL",
}
"""Columns of ``representation`` and the ``id_type`` whose newest value they hold."""

NORMALISED = (
    "n_given",
    "n_given_roots",
    "n_preferred",
    "n_middle",
    "n_family",
    "n_family_parts",
    "n_suffix",
    "n_sex",
    "n_birth",
    "n_birth_month",
    "n_birth_day_no",
    "n_email",
    "n_phone",
    "n_address",
    "n_zip",
    "n_school",
    "n_ssn",
    "n_state_ps_id",
    "n_state_k12_id",
)

HEAD = (
    "representation_id",
    "rid",
    "student_no",
    "institution_code",
    "student_id",
    "first_as_of",
    "is_current",
    "source",
    "last_seq",
)

COLUMNS = (*HEAD, *SENT, *IDENTIFIERS, *NORMALISED, "evidence_digest")
"""Every column of ``representation``."""
