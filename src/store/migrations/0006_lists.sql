-- What lists are ordered by, so that the first page of a long one is as quick as of a short one.

CREATE INDEX packages_by_project ON packages (project_id, id);
CREATE INDEX projects_by_owner ON projects (owner, id);
CREATE INDEX projects_by_name ON projects (name, id);
CREATE INDEX projects_listed ON projects (id) WHERE unlisted = 0 AND delete_after IS NULL;

-- What is queued for the results tree is looked through whenever something is to be removed there.
CREATE INDEX jobs_of_tree ON jobs (id) WHERE kind = 'tidy';

-- A file that a package is rebuilt from is kept when the build that brought it goes.
CREATE INDEX packages_by_upload ON packages (json_extract(source, '$.dir'))
    WHERE json_extract(source, '$.type') = 'upload';
