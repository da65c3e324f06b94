"""How good a list is: splits, metrics, intervals and the report that shows them."""
