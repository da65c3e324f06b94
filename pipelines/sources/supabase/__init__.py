"""The app's table of ratings: over the Data API, from Postgres, and one person's at this moment."""
