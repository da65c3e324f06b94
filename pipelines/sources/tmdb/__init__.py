"""TMDB: a polite client, and its records as columns."""
