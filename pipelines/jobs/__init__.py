"""Jobs: read, compute, write. Each stage of the main job is one of these."""
