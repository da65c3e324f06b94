-- why:      films that nobody can name are never recommended; past a twentieth of all ratings enrichment is missing
-- severity: warn
SELECT
    count(*) AS interactions,
    count(*) FILTER (movies.title IS NULL) AS about_unknown_films
FROM fct_interactions AS ratings
INNER JOIN dim_movies AS movies ON ratings.movie_id = movies.movie_id
HAVING count(*) FILTER (movies.title IS NULL) > 0.05 * count(*)
