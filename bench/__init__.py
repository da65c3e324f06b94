"""Benchmarks, with the method beside each number; opt-in, never part of the tests."""
