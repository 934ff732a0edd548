"""One night of identity: what is new is compared, decided, guarded and written down.

Belongs here: which students a night looks at, how evidence becomes groups, what stops a
night, and the events and files that come of it. Does not belong here: the evidence
(``evidence``), the log's own rules (``log``), what a person decides (``steward``).
"""
