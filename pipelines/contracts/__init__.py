"""What is agreed: ``data_contracts/`` as objects, and the projections made of them.

Belongs here: reading the contracts, and turning one contract into another notation
(Arrow, Polars, pandera, SQL, dbt YAML, Markdown). Does not belong here: reading a
college's file, or deciding about one (``pipelines.landing``).
"""
