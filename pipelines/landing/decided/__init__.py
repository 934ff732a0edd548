"""What people decide about packages, edits and terms, and how a college stands."""
