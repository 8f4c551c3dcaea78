-- What people and groups say of themselves, as Markdown.
ALTER TABLE users ADD COLUMN profile TEXT NOT NULL DEFAULT '';
ALTER TABLE groups ADD COLUMN profile TEXT NOT NULL DEFAULT '';
