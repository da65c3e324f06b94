-- why:      a listed film without a title cannot be shown
-- severity: error
SELECT recommendations.movie_id
FROM recommendations
WHERE title IS NULL OR trim(title) = ''
