//! Licence expressions, as Cargo manifests write them.

/// One licence, or several joined.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Expression {
    /// A licence by name, with its exception if it has one.
    Licence(String),
    /// All of them bind.
    All(Vec<Expression>),
    /// The user chooses.
    Any(Vec<Expression>),
}

impl Expression {
    /// Whether the allowed licences are enough to use the work.
    pub(super) fn is_met_by(&self, allowed: &[&str]) -> bool {
        match self {
            Self::Licence(name) => allowed.contains(&name.as_str()),
            Self::All(parts) => parts.iter().all(|part| part.is_met_by(allowed)),
            Self::Any(parts) => parts.iter().any(|part| part.is_met_by(allowed)),
        }
    }
}

/// Reads an expression: names, `WITH`, `AND`, `OR`, parentheses, and the old `/` for `OR`. None if it is malformed.
pub(super) fn parse(text: &str) -> Option<Expression> {
    let spaced = text.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let tokens: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = tokens.as_slice();
    let expression = any(&mut rest)?;
    rest.is_empty().then_some(expression)
}

fn any(rest: &mut &[&str]) -> Option<Expression> {
    let mut parts = vec![all(rest)?];
    while take(rest, "OR") {
        parts.push(all(rest)?);
    }
    Some(joined(parts, Expression::Any))
}

fn all(rest: &mut &[&str]) -> Option<Expression> {
    let mut parts = vec![one(rest)?];
    while take(rest, "AND") {
        parts.push(one(rest)?);
    }
    Some(joined(parts, Expression::All))
}

fn one(rest: &mut &[&str]) -> Option<Expression> {
    if take(rest, "(") {
        let inner = any(rest)?;
        return take(rest, ")").then_some(inner);
    }
    let name = name_take(rest)?;
    if take(rest, "WITH") {
        return Some(Expression::Licence(format!("{name} WITH {}", name_take(rest)?)));
    }
    Some(Expression::Licence(name.to_owned()))
}

fn joined(mut parts: Vec<Expression>, join: fn(Vec<Expression>) -> Expression) -> Expression {
    match (parts.pop(), parts.is_empty()) {
        (Some(only), true) => only,
        (last, _) => {
            parts.extend(last);
            join(parts)
        }
    }
}

fn name_take<'a>(rest: &mut &[&'a str]) -> Option<&'a str> {
    let (first, others) = rest.split_first()?;
    if ["AND", "OR", "WITH", "(", ")"].contains(first) {
        return None;
    }
    *rest = others;
    Some(first)
}

fn take(rest: &mut &[&str], word: &str) -> bool {
    match rest.split_first() {
        Some((first, others)) if *first == word => {
            *rest = others;
            true
        }
        _ => false,
    }
}

#[test]
fn an_expression_is_met_as_its_words_say() {
    let allowed = ["MIT", "BSD-3-Clause", "Apache-2.0 WITH LLVM-exception"];
    for (text, met) in [
        ("MIT", true),
        ("GPL-3.0-only", false),
        ("MIT OR GPL-3.0-only", true),
        ("MIT/GPL-3.0-only", true),
        ("MIT AND GPL-3.0-only", false),
        ("MIT AND BSD-3-Clause", true),
        ("(GPL-3.0-only OR MIT) AND BSD-3-Clause", true),
        ("GPL-3.0-only OR MIT AND Zlib", false),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("Apache-2.0", false),
    ] {
        let expression = parse(text).unwrap_or_else(|| panic!("{text} should parse"));
        assert_eq!(expression.is_met_by(&allowed), met, "{text}");
    }
}

#[test]
fn a_malformed_expression_is_none() {
    for text in ["", "MIT OR", "(MIT", "MIT)", "AND MIT", "MIT Apache-2.0", "MIT WITH"] {
        assert_eq!(parse(text), None, "{text}");
    }
}
