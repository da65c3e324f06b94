-- why:      a film nobody can name cannot be recommended; it stays in the data and out of the lists
-- severity: warn
SELECT movie_id
FROM dim_movies
WHERE title IS NULL OR trim(title) = ''
