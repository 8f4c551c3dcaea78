-- What arrived at the webhooks of projects, and what became of it. Each project keeps the newest.
CREATE TABLE deliveries (
    id          INTEGER PRIMARY KEY,
    project_id  INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    received_on INTEGER NOT NULL,
    forge       TEXT    NOT NULL,
    event       TEXT,
    delivery    TEXT,
    user_agent  TEXT,
    sender      TEXT,
    outcome     TEXT    NOT NULL,
    -- A JSON list of numbers; the builds may be gone.
    builds      TEXT    NOT NULL
) STRICT;
CREATE INDEX deliveries_by_project ON deliveries (project_id, id);

-- Webhooks find packages by the address that is cloned, whatever slashes it ends with.
CREATE INDEX packages_by_clone_url
    ON packages (project_id, rtrim(json_extract(source, '$.clone_url'), '/'))
    WHERE json_extract(source, '$.type') = 'scm';
