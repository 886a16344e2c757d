//! Placeholder door plate, replaced with the first code.
fn main() {}
