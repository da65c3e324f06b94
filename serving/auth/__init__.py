"""Who is asking: API keys, and Supabase's tokens."""
