-- Forks know where they come from, as long as that is there.
ALTER TABLE projects ADD COLUMN forked_from INTEGER REFERENCES projects (id) ON DELETE SET NULL;
CREATE INDEX projects_by_original ON projects (forked_from) WHERE forked_from IS NOT NULL;

-- Forked builds whose files are still to be copied. Their packages are in built_packages, and so
-- in repositories, only once they are on the disk. What is copied must stay until then: whoever
-- deletes builds looks here.
CREATE TABLE copies (
    build_id    INTEGER PRIMARY KEY REFERENCES builds (id) ON DELETE CASCADE,
    project_id  INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    original_id INTEGER NOT NULL,
    attempt     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX copies_by_project ON copies (project_id, build_id);
CREATE INDEX copies_by_original ON copies (original_id);
