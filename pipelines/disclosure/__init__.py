"""The record of disclosures that FERPA asks for.

Belongs here: what was handed to whom, and for what. Does not belong here: making the
record that is handed out (``pipelines.forms``).
"""
