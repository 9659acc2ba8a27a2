"""Benchmarks: ratios of things measured in the same run on the same machine. Never part of the test suite."""
