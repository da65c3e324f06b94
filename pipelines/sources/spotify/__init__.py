"""Spotify: new albums, searches and soundtracks, by its Web API."""
