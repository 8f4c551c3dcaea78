//! What users can do: every rule and permission, once, for the API, the pages and the command line.
