//! pam_gobo
