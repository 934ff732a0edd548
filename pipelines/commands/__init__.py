"""The larger commands of ``lrw``, one module each."""
