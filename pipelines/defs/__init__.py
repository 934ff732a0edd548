"""The Dagster shell: what exists and when it runs; the work is in pure modules."""
