"""Settings of all tests."""

from hypothesis import settings

# Speed is measured by benchmarks: on a busy machine a deadline fails good code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
