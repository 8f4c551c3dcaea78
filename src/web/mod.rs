//! The pages, one file for each section; `templates/` mirrors it.
