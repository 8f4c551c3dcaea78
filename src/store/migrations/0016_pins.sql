-- Projects that users and groups put in front, each at its place. The owner is kept as clients write
-- it, as that of projects is.
CREATE TABLE pins (
    owner      TEXT    NOT NULL,
    place      INTEGER NOT NULL,
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    PRIMARY KEY (owner, place),
    UNIQUE (owner, project_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX pins_by_project ON pins (project_id);
