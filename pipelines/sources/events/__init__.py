"""Interaction logs: dropped into the inbox, read line by line."""
