//! Figures, and how they are shown.
//!
//! Reading order: [`figure`], [`comparison`] (figures of several servers over several rounds), [`table`], [`json`].

pub mod comparison;
pub mod figure;
pub mod json;
pub mod table;
