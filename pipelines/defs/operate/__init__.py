"""Jobs, the nightly schedule and the standing check of what is wrong right now."""
