-- What the search box looks through: words, and beginnings of words. The texts themselves stay in
-- their tables. Packages have an index of their own, so that one more package of a project does
-- not mean writing the names of all its others.
CREATE VIRTUAL TABLE project_words USING fts5 (
    owner, name, description, content = 'projects', content_rowid = 'id', prefix = '2 3'
);
CREATE VIRTUAL TABLE package_words USING fts5 (
    name, content = 'packages', content_rowid = 'id', prefix = '2 3'
);

CREATE TRIGGER project_words_added AFTER INSERT ON projects BEGIN
    INSERT INTO project_words (rowid, owner, name, description)
    VALUES (NEW.id, NEW.owner, NEW.name, NEW.description);
END;
CREATE TRIGGER project_words_changed AFTER UPDATE OF description ON projects
WHEN OLD.description != NEW.description BEGIN
    INSERT INTO project_words (project_words, rowid, owner, name, description)
    VALUES ('delete', OLD.id, OLD.owner, OLD.name, OLD.description);
    INSERT INTO project_words (rowid, owner, name, description)
    VALUES (NEW.id, NEW.owner, NEW.name, NEW.description);
END;
CREATE TRIGGER project_words_removed AFTER DELETE ON projects BEGIN
    INSERT INTO project_words (project_words, rowid, owner, name, description)
    VALUES ('delete', OLD.id, OLD.owner, OLD.name, OLD.description);
END;

CREATE TRIGGER package_words_added AFTER INSERT ON packages BEGIN
    INSERT INTO package_words (rowid, name) VALUES (NEW.id, NEW.name);
END;
CREATE TRIGGER package_words_removed AFTER DELETE ON packages BEGIN
    INSERT INTO package_words (package_words, rowid, name) VALUES ('delete', OLD.id, OLD.name);
END;

INSERT INTO project_words (project_words) VALUES ('rebuild');
INSERT INTO package_words (package_words) VALUES ('rebuild');

-- Where a package with this name was built, newest first.
CREATE INDEX built_packages_by_name ON built_packages (name);
