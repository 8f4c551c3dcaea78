-- What it takes to show a delivery, and to take it in once more.

-- What its address named besides the project.
ALTER TABLE deliveries ADD COLUMN package TEXT;
ALTER TABLE deliveries ADD COLUMN dir TEXT;
-- How many bytes came.
ALTER TABLE deliveries ADD COLUMN size INTEGER NOT NULL DEFAULT 0;
-- The one that it was before.
ALTER TABLE deliveries ADD COLUMN repeats INTEGER;

-- What came with the newest deliveries of each project.
CREATE TABLE delivery_contents (
    delivery_id INTEGER PRIMARY KEY REFERENCES deliveries (id) ON DELETE CASCADE,
    -- A JSON list of pairs, without those that prove something.
    headers     TEXT    NOT NULL,
    -- Nothing where it was too long.
    payload     BLOB
) STRICT;
