-- purpose:  the words each film is described with, for free-text wishes where a release has no content model
-- grain:    a word and a film with a title
-- key:      word, movie_id
-- upstream: movies
-- refresh:  read by the API at the first such wish of a release
WITH texts AS (
    SELECT
        movie_id,
        unnest([
            { weight: 2.0, words: array_to_string(genres, ' ') },
            { weight: 2.0, words: array_to_string(keywords, ' ') },
            { weight: 1.5, words: title },
            { weight: 1.5, words: array_to_string(directors, ' ') },
            { weight: 1.0, words: array_to_string(cast_names[1:3], ' ') },
            { weight: 1.0, words: overview }
        ]) AS part
    FROM movies
    WHERE trim(coalesce(title, '')) <> ''
),

words AS (
    SELECT
        movie_id,
        part.weight,
        unnest(string_split_regex(lower(strip_accents(coalesce(part.words, ''))), '[^\p{L}\p{N}]+')) AS word
    FROM texts
)

SELECT
    word,
    movie_id,
    max(weight)::FLOAT AS weight
FROM words
WHERE length(word) > 1
GROUP BY word, movie_id
ORDER BY word, movie_id
