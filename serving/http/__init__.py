"""What every request and answer goes through: limits, parameters, errors, bytes."""
