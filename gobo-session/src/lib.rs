//! gobo-session.
