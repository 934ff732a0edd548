"""Dialects: the files a student system writes become the files of the feeds.

Belongs here: the engine that carries out ``data_contracts/dialects``, and one parser a
file format. Does not belong here: anything about one product or one college, which is
declared, and judging rows (``pipelines.landing``).
"""
