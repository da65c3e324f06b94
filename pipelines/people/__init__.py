"""Who rated what: histories and their weights, how a person is named, who is left out."""
