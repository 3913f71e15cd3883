-- What is old enough is looked for by its age, over all accounts. Events need none: their ids grow with time.
CREATE INDEX runs_by_end ON runs (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX deliveries_by_age ON deliveries (received_at);
