"""A synthetic state with known truth.

Belongs here: whatever invents learners, their college records, the packages that
carry them and the truth files that say what a warehouse must make of them.
Does not belong here: anything that reads a package back.
"""

from pipelines.sample.generate import SampleSummary, generate

__all__ = ["SampleSummary", "generate"]
