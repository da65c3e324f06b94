"""The films: their ids, which film a title is, and when TMDB is asked about one."""
