"""Measuring beside other libraries on a GPU: sizes as users have them, peers, a timer, and interleaved rounds."""
