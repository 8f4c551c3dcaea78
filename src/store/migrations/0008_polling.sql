-- Packages whose sources the server looks at by itself, for where webhooks do not arrive.
ALTER TABLE packages ADD COLUMN poll INTEGER NOT NULL DEFAULT 0 CHECK (poll IN (0, 1));
-- When their turn is.
ALTER TABLE packages ADD COLUMN poll_on INTEGER NOT NULL DEFAULT 0;

-- Those that are looked at, by their turns. What PyPI and RubyGems have knows no webhooks: to
-- rebuild such a package means to rebuild it when there is a release.
CREATE INDEX packages_polled ON packages (poll_on)
    WHERE poll = 1 OR (webhook_rebuild = 1
                       AND json_extract(source, '$.type') IN ('pypi', 'rubygems'));

-- What was found the last time.
CREATE TABLE polls (
    package_id INTEGER PRIMARY KEY REFERENCES packages (id) ON DELETE CASCADE,
    -- What was looked at: a package that is pointed elsewhere begins anew.
    upstream   TEXT    NOT NULL,
    -- A commit or a version; nothing where it could never be told.
    seen       TEXT,
    looked_on  INTEGER NOT NULL,
    -- How often in a row it could not be told, and why the last time.
    failures   INTEGER NOT NULL DEFAULT 0,
    trouble    TEXT
) STRICT;
