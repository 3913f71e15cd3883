-- Runs that ended long enough ago are looked for by their end, over all accounts. Deliveries have such an index, and
-- events need none: their ids grow with time.
CREATE INDEX runs_by_end ON runs (finished_at) WHERE finished_at IS NOT NULL;
