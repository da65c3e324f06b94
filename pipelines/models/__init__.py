"""The models: each learns item-side arrays and scores histories, never user ids."""
