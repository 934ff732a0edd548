"""Landing: a college's package becomes accepted rows, quarantined rows and a verdict.

Belongs here: everything between a mailbox folder and ``landing/accepted``: reading,
judging, snapshot and delta semantics, the ledger, the return file. Does not belong
here: who a learner is (``pipelines.identity``) and what a row means
(``dbt_project``). What is agreed with colleges is in ``data_contracts/``.
"""
