//! Pictures as text: a few shapes at whole places, with a title and a description for those who cannot see them.

use crate::html::escaped;
use std::fmt::Write as _;

/// A picture under way.
#[derive(Debug)]
pub(crate) struct Svg {
    name: String,
    title: String,
    says: String,
    size: (i32, i32),
    body: String,
}

/// Where a text's place is: at its start, middle or end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Middle => "middle",
            Self::End => "end",
        }
    }
}

impl Svg {
    pub(crate) fn new(name: &str, title: &str, says: &str, size: (i32, i32)) -> Self {
        let [name, title, says] = [name, title, says].map(str::to_owned);
        Self { name, title, says, size, body: String::new() }
    }

    /// A rectangle between two corners, in whatever order they come.
    pub(crate) fn rect(&mut self, class: &str, (x1, y1): (i32, i32), (x2, y2): (i32, i32)) {
        let (x, y) = (x1.min(x2), y1.min(y2));
        let (width, height) = ((x2 - x1).abs(), (y2 - y1).abs());
        let _ =
            writeln!(self.body, "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>");
    }

    pub(crate) fn line(&mut self, class: &str, (x1, y1): (i32, i32), (x2, y2): (i32, i32)) {
        let _ = writeln!(self.body, "<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>");
    }

    pub(crate) fn text(&mut self, class: &str, (x, y): (i32, i32), anchor: Anchor, text: &str) {
        let anchor = anchor.as_str();
        let text = escaped(text);
        let _ =
            writeln!(self.body, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{text}</text>");
    }

    /// A mark of a shape of its own beside its colour, with what it stands for.
    pub(crate) fn mark(&mut self, mark: Mark, (x, y): (i32, i32), radius: i32, says: &str) {
        let class = mark.class();
        let (left, right, top, bottom) = (x - radius, x + radius, y - radius, y + radius);
        let shape = match mark {
            Mark::Same => format!("<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{radius}\""),
            Mark::Better => format!("<polygon class=\"{class}\" points=\"{left},{bottom} {right},{bottom} {x},{top}\""),
            Mark::Worse => format!("<polygon class=\"{class}\" points=\"{left},{top} {right},{top} {x},{bottom}\""),
            Mark::Other => {
                format!("<polygon class=\"{class}\" points=\"{left},{y} {x},{top} {right},{y} {x},{bottom}\"")
            }
        };
        let _ = if says.is_empty() {
            writeln!(self.body, "{shape}/>")
        } else {
            let tag = if mark == Mark::Same { "circle" } else { "polygon" };
            writeln!(self.body, "{shape}><title>{}</title></{tag}>", escaped(says))
        };
    }

    pub(crate) fn polyline(&mut self, class: &str, points: &[(i32, i32)]) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x},{y}")).collect();
        let _ = writeln!(self.body, "<polyline class=\"{class}\" points=\"{}\"/>", points.join(" "));
    }

    pub(crate) fn finish(self) -> String {
        let Self { name, title, says, size: (width, height), body } = self;
        format!(
            "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"{name}-title {name}-desc\">\n\
             <title id=\"{name}-title\">{}</title>\n<desc id=\"{name}-desc\">{}</desc>\n{body}</svg>\n",
            escaped(&title),
            escaped(&says)
        )
    }
}

/// What a mark tells, by shape and colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mark {
    /// Down: a triangle on its tip.
    Worse,
    /// Up: a triangle on its base.
    Better,
    /// Something else changes: a diamond.
    Other,
    /// Nothing changes: a grey circle.
    Same,
}

impl Mark {
    fn class(self) -> &'static str {
        match self {
            Self::Worse => "m-worse",
            Self::Better => "m-better",
            Self::Other => "m-other",
            Self::Same => "m-same",
        }
    }
}

/// A text cut to so many characters, with a mark that it was.
pub(crate) fn cut(text: &str, characters_max: usize) -> String {
    if text.chars().count() <= characters_max {
        return text.to_owned();
    }
    let kept: String = text.chars().take(characters_max.saturating_sub(3)).collect();
    format!("{kept}...")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_a_title_a_description_and_no_markup_of_others() {
        let mut svg = Svg::new("c", "<t>", "d & e", (10, 20));
        svg.rect("bar", (5, 9), (1, 2));
        svg.text("label", (1, 2), Anchor::End, "<P>");
        svg.mark(Mark::Same, (1, 1), 3, "a<b");
        let text = svg.finish();
        assert!(text.contains("role=\"img\"") && text.contains("<title id=\"c-title\">&lt;t&gt;</title>"), "{text}");
        assert!(text.contains("d &amp; e") && text.contains("&lt;P&gt;") && text.contains("a&lt;b"), "{text}");
        assert!(text.contains("x=\"1\" y=\"2\" width=\"4\" height=\"7\""), "{text}");
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abc...");
    }
}
