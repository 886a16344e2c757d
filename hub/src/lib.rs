//! Placeholder door plate, replaced with the first code.
