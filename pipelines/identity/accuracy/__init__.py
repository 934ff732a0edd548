"""How often the linkage errs, measured where the truth is known.

Belongs here: the measures, curves and charts, the public sets people know, and the
report. Does not belong here: linking (``evidence``, ``night``) and planting cases
(``pipelines.sample``).
"""
