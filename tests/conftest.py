"""Settings of all tests."""

from hypothesis import settings

# The same examples every time, and no limit on a slow machine.
settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.load_profile("repeatable")
