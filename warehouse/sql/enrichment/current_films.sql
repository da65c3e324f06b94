-- purpose:  the ledger as one row a film: where it stands, and the record that still holds
-- grain:    a film that TMDB was asked for
-- key:      asked_id
-- upstream: enrichment_parts (the ledger's files, with their names as part), variable oldest
-- refresh:  each run
WITH latest AS (
    SELECT *
    FROM enrichment_parts
    QUALIFY row_number() OVER (PARTITION BY asked_id ORDER BY part DESC) = 1
),

facts AS (
    -- a failure, or a change that was announced, says nothing of the record that was fetched before
    SELECT *
    FROM enrichment_parts
    WHERE status IN ('found', 'remapped', 'missing') OR fetched_at IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY asked_id ORDER BY part DESC) = 1
)

SELECT
    latest.recorded_at,
    latest.run_id,
    latest.asked_id,
    latest.status,
    facts.movie_id,
    latest.reason,
    latest.attempts,
    facts.fetched_at,
    latest.next_try,
    coalesce(facts.problems, latest.problems) AS problems,
    facts.title,
    facts.original_title,
    facts.year,
    facts.release_date,
    facts.overview,
    facts.tagline,
    facts.genres,
    facts.keywords,
    facts.cast_names,
    facts.directors,
    facts.runtime,
    facts.language,
    facts.poster_path,
    facts.backdrop_path,
    facts.vote_average,
    facts.vote_count,
    facts.popularity,
    facts.imdb_id,
    facts.collection
FROM latest
LEFT JOIN facts ON latest.asked_id = facts.asked_id
WHERE facts.fetched_at IS NULL OR facts.fetched_at > getvariable('oldest')::TIMESTAMPTZ
ORDER BY latest.asked_id
