-- The batches of one project, for the page of its settings.
CREATE INDEX builds_by_project_batch ON builds (project_id, batch_id)
    WHERE batch_id IS NOT NULL;
