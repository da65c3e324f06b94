"""An OpenAI-compatible chat endpoint."""
