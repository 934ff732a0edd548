"""Benchmarks that compare this program with the least that could do the work."""
