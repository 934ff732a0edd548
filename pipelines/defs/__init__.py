"""The Dagster shell: what exists and when it runs. The work itself is in pure modules."""
