-- purpose:  films whose title holds the wanted words, best first; the variable wanted is what somebody typed
-- grain:    a film with a title
-- key:      movie_id
-- upstream: movies
-- refresh:  read by the API, once a search
WITH asked AS (
    SELECT trim(regexp_replace(lower(strip_accents(getvariable('wanted'))), '[^\p{L}\p{N}]+', ' ', 'g')) AS wanted
),

titles AS (
    SELECT
        movie_id,
        ratings,
        unnest([title, original_title]) AS written
    FROM movies
    WHERE trim(coalesce(title, '')) <> ''
),

plain AS (
    SELECT
        movie_id,
        ratings,
        trim(regexp_replace(lower(strip_accents(written)), '[^\p{L}\p{N}]+', ' ', 'g')) AS name
    FROM titles
    WHERE written IS NOT NULL
),

found AS (
    SELECT
        plain.movie_id,
        plain.ratings,
        CASE
            WHEN plain.name = asked.wanted THEN 4
            WHEN regexp_replace(plain.name, '^(the|a|an) ', '') = regexp_replace(asked.wanted, '^(the|a|an) ', '')
                THEN 3.5
            WHEN starts_with(plain.name, asked.wanted) THEN 3
            WHEN contains(' ' || plain.name, ' ' || asked.wanted) THEN 2
            ELSE 1
        END AS score
    FROM plain
    CROSS JOIN asked
    WHERE asked.wanted <> '' AND contains(plain.name, asked.wanted)
)

SELECT
    movie_id,
    max(score)::FLOAT AS score,
    max(ratings) AS ratings
FROM found
GROUP BY movie_id
ORDER BY score DESC, ratings DESC, movie_id ASC
