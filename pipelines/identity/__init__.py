"""Which college students are one learner, with the reason; ids minted once.

Belongs here: the rules that link, the append-only event log and the views of it.
Does not belong here: reading packages (``landing``), writing records (``publishing``).
"""
