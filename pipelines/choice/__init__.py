"""Which model is published: evaluation, tuning, recipes and the gate."""
