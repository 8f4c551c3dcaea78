-- What lists are ordered by, so that the first page of a long one is as quick as of a short one.

CREATE INDEX packages_by_project ON packages (project_id, id);
CREATE INDEX projects_by_owner ON projects (owner, id);
CREATE INDEX projects_by_name ON projects (name, id);
CREATE INDEX projects_listed ON projects (id) WHERE unlisted = 0 AND delete_after IS NULL;
