"""Where ratings and films come from; each module reads one kind of source."""
