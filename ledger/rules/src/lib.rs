//! Pure rule sets: parse, lint, resolve, diff and hash dated program terms.
