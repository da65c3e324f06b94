"""What is computed: sources, models, evaluation, and the jobs that tie them together."""
