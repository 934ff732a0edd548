"""The errors an operator can meet. Each message is one line and says what to do.

What a college got wrong is never raised: it is a finding in that college's return file.
"""


class OperatorError(Exception):
    """Something the operator can put right; the command line prints it and exits 1."""


class UsageError(OperatorError):
    """The command was called with something that cannot be meant; exit 2."""
