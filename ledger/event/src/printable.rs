//! Text from outside that a message repeats: it reaches terminals, logs, tables and stored reasons.

/// The most of such a text that a message repeats, in bytes.
pub const PRINTABLE_BYTES_MAX: usize = 1_024;

/// The text on one line, with escapes for what a terminal would take for commands, and cut where it is long.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut shown = String::new();
    for (at, c) in text.char_indices() {
        let escape = if c.is_control() { c.escape_debug().to_string() } else { c.to_string() };
        if shown.len() + escape.len() > PRINTABLE_BYTES_MAX {
            shown.push_str(&format!(" ... and {} bytes more", text.len() - at));
            break;
        }
        shown.push_str(&escape);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_shown_is_shown_as_it_is() {
        for text in ["", "a \"b\" \\ c", "\u{e9}\u{20ac}"] {
            assert_eq!(printable(text), text);
        }
        let longest = "x".repeat(PRINTABLE_BYTES_MAX);
        assert_eq!(printable(&longest), longest);
    }

    #[test]
    fn commands_to_a_terminal_are_escaped_and_long_texts_cut() {
        assert_eq!(printable("a\n\u{1b}[2J\0\u{9b}"), "a\\n\\u{1b}[2J\\0\\u{9b}");
        let long = "\u{e9}".repeat(PRINTABLE_BYTES_MAX);
        let shown = printable(&long);
        assert!(shown.ends_with("\u{e9} ... and 1024 bytes more"), "{shown}");
    }
}
