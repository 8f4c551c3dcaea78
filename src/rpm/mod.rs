//! What an RPM file says of itself, and which of two versions is newer.
