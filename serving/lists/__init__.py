"""Lists over HTTP: everybody's stored ones, and those made while somebody waits."""
