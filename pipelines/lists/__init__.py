"""Histories in, lists out: ranking, filling up, and the tables of a release."""
