"""From accepted rows to the CLR schema: identity, then dbt."""
