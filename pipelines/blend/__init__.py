"""Several models as one: their scores made comparable, weighted and summed."""
