-- What a user has handed in lately is found without reading what was handed in before.
CREATE INDEX builds_by_submission ON builds (submitter_id, submitted_on, id)
    WHERE submitter_id IS NOT NULL;

-- How much there is in each project. Every page of a project says so, and counting reads as many
-- entries of an index as there are builds.
CREATE TABLE project_totals (
    project_id INTEGER PRIMARY KEY REFERENCES projects (id) ON DELETE CASCADE,
    packages   INTEGER NOT NULL DEFAULT 0,
    builds     INTEGER NOT NULL DEFAULT 0
) STRICT;

INSERT INTO project_totals (project_id, packages, builds)
SELECT id, (SELECT count(*) FROM packages WHERE project_id = projects.id),
    (SELECT count(*) FROM builds WHERE project_id = projects.id)
FROM projects;

CREATE TRIGGER project_totals_added AFTER INSERT ON projects BEGIN
    INSERT INTO project_totals (project_id) VALUES (NEW.id);
END;
CREATE TRIGGER project_totals_package_added AFTER INSERT ON packages BEGIN
    UPDATE project_totals SET packages = packages + 1 WHERE project_id = NEW.project_id;
END;
CREATE TRIGGER project_totals_package_removed AFTER DELETE ON packages BEGIN
    UPDATE project_totals SET packages = packages - 1 WHERE project_id = OLD.project_id;
END;
CREATE TRIGGER project_totals_build_added AFTER INSERT ON builds BEGIN
    UPDATE project_totals SET builds = builds + 1 WHERE project_id = NEW.project_id;
END;
CREATE TRIGGER project_totals_build_removed AFTER DELETE ON builds BEGIN
    UPDATE project_totals SET builds = builds - 1 WHERE project_id = OLD.project_id;
END;
