-- A site that moved is found by its posts, so their former ids are looked up without the address.
CREATE INDEX contents_by_former_id ON contents (account_id, site_id, former_external_id)
    WHERE former_external_id IS NOT NULL;
DROP INDEX contents_by_former_post;
