"""The night: college packages in, signed learner records and analyst Parquet out."""
