"""Who calls the shard function: processes on one machine."""
