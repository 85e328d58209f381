//! What an error may say: it reaches terminals, logs, quarantine entries and CSV files.

use std::fmt::Display;

/// Longest message, in bytes: enough for every list of what may stand, and no copy of the input.
const MESSAGE_BYTES_MAX: usize = 2_048;

/// One line that says something, of bounded length, without anything that a terminal would take for a command.
pub(super) fn check(error: &impl Display) {
    let text = error.to_string();
    assert!(!text.trim().is_empty(), "an error says nothing");
    assert!(text.len() <= MESSAGE_BYTES_MAX, "a message of {} bytes: {}", text.len(), text.escape_debug());
    assert!(!text.chars().any(char::is_control), "a message with control characters: {}", text.escape_debug());
}
