"""Publishing: from unsigned documents to signed records in an immutable snapshot.

Belongs here: contexts, canonical form, proofs, keys, snapshots, their verification
and their readers. Does not belong here: what a record says (``dbt_project/``), and
when a night runs (``pipelines/defs/``).
"""
