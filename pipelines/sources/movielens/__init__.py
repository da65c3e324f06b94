"""MovieLens: downloaded or given, recognised by its files, landed as one batch."""
