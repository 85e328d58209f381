//! Long lists in pages: the answer's form stays that of the verb, with fewer rows.

use super::ask::Page;
use serde_json::Value;

/// Cuts every list of the document to the page. Returns the offset of the next one, while any list has more.
pub(super) fn cut(document: &mut Value, page: Page) -> Option<usize> {
    let end = page.offset.saturating_add(page.limit);
    let mut has_more = false;
    let mut cut = |list: &mut Vec<Value>| {
        has_more |= list.len() > end;
        list.truncate(end);
        list.drain(..page.offset.min(list.len()));
    };
    match document {
        Value::Array(rows) => cut(rows),
        Value::Object(lists) => lists.values_mut().filter_map(Value::as_array_mut).for_each(cut),
        _ => {}
    }
    has_more.then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pages_put_together_are_the_whole() {
        let whole = json!({"position": 5, "a": [1, 2, 3, 4, 5], "b": [1], "c": []});
        let (mut a, mut offset) = (Vec::new(), Some(0));
        while let Some(at) = offset {
            let mut page = whole.clone();
            offset = cut(&mut page, Page { offset: at, limit: 2 });
            assert_eq!(page["position"], 5);
            assert_eq!(page["b"].as_array().unwrap().len(), usize::from(at == 0));
            a.extend(page["a"].as_array().unwrap().clone());
        }
        assert_eq!(json!(a), whole["a"]);
        let mut rows = json!([1, 2, 3]);
        assert_eq!((cut(&mut rows, Page { offset: 9, limit: 2 }), rows), (None, json!([])));
    }
}
