-- How much each project holds on the disk, when that was last looked at. What may have changed
-- since is marked, so that only that is looked at again.
CREATE TABLE project_sizes (
    project_id  INTEGER PRIMARY KEY REFERENCES projects (id) ON DELETE CASCADE,
    bytes       INTEGER NOT NULL DEFAULT 0,
    files       INTEGER NOT NULL DEFAULT 0,
    measured_on INTEGER,
    stale       INTEGER NOT NULL DEFAULT 1 CHECK (stale IN (0, 1))
) STRICT;
CREATE INDEX project_sizes_by_bytes ON project_sizes (bytes, files);
CREATE INDEX project_sizes_stale ON project_sizes (project_id) WHERE stale = 1;

CREATE TRIGGER project_sizes_added AFTER INSERT ON projects BEGIN
    INSERT INTO project_sizes (project_id) VALUES (NEW.id);
END;
CREATE TRIGGER project_sizes_changed AFTER UPDATE OF state, result_dir ON build_chroots
WHEN NEW.result_dir IS NOT OLD.result_dir
    OR NEW.state IN ('succeeded', 'failed', 'canceled', 'forked') BEGIN
    UPDATE project_sizes SET stale = 1
    WHERE stale = 0 AND project_id = (SELECT project_id FROM builds WHERE id = NEW.build_id);
END;
CREATE TRIGGER project_sizes_lost AFTER DELETE ON builds BEGIN
    UPDATE project_sizes SET stale = 1 WHERE stale = 0 AND project_id = OLD.project_id;
END;

INSERT INTO project_sizes (project_id) SELECT id FROM projects;
