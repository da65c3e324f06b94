"""Lists from words: what a text means, and the films that answer to it."""
