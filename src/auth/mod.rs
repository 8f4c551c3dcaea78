//! Who is asking: passwords, tokens, sessions, and what that allows.
