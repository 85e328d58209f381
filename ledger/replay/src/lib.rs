//! Pure replay, compare and explain over the fold.
