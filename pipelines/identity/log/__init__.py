"""The vault's event log: the only memory of who is whom.

Belongs here: what an event is, adding events durably, checking that none was lost or
altered, and the views that say what the events mean together. Does not belong here:
deciding anything (``night``, ``steward``).
"""
