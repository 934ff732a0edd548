"""Outcome metrics: official definitions, declared in ``data_contracts/metrics``.

Belongs here: reading a definition, turning it into SQL over the published tables,
asking it of a state or of one learner. Does not belong here: a rule (they are YAML),
how answers are printed (``pipelines.commands``).
"""
