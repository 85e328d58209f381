//! Closed months: the model against the stories written by hand, and what must hold of any history.

mod properties;
mod stories;
