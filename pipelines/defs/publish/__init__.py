"""From the build to a published snapshot."""
