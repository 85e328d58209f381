//! Console: the HTTP door for people and programs.
