"""The read-only HTTP API over the current release."""
