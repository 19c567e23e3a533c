//! Where two values differ.
//!
//! Goes into what both have; tells at most so many differences that a person reads them.

use serde_json::Value as Json;

/// One line for each difference: where, then what is on either side.
pub(crate) fn differences(left: &Json, right: &Json) -> Vec<String> {
    let mut lines = Vec::new();
    compare("", left, right, &mut lines);
    let more = lines.len().saturating_sub(LINES);
    lines.truncate(LINES);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines
}

fn compare(place: &str, left: &Json, right: &Json, lines: &mut Vec<String>) {
    match (left, right) {
        (Json::Object(one), Json::Object(other)) => {
            for key in one
                .keys()
                .chain(other.keys().filter(|key| !one.contains_key(*key)))
            {
                each(
                    &format!("{place}.{key}"),
                    one.get(key),
                    other.get(key),
                    lines,
                );
            }
        }
        (Json::Array(one), Json::Array(other)) => {
            for index in 0..one.len().max(other.len()) {
                let place = format!("{place}[{index}]");
                each(&place, one.get(index), other.get(index), lines);
            }
        }
        _ if left == right => {}
        _ => {
            let place = if place.is_empty() {
                ""
            } else {
                &format!("{place}: ")
            };
            lines.push(format!("{place}{left} is not {right}"));
        }
    }
}

fn each(place: &str, left: Option<&Json>, right: Option<&Json>, lines: &mut Vec<String>) {
    match (left, right) {
        (Some(left), Some(right)) => compare(place, left, right, lines),
        (Some(left), None) => lines.push(format!("{place}: only left: {left}")),
        (None, Some(right)) => lines.push(format!("{place}: only right: {right}")),
        (None, None) => {}
    }
}

const LINES: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_differs_is_told_with_its_place() {
        let left = json!({"code": "a", "list": [1, 2], "same": {"x": 1}, "gone": null});
        let right = json!({"code": "b", "list": [1, 3, 4], "same": {"x": 1}});
        assert_eq!(
            differences(&left, &right),
            [
                ".code: \"a\" is not \"b\"",
                ".gone: only left: null",
                ".list[1]: 2 is not 3",
                ".list[2]: only right: 4"
            ]
        );
        assert_eq!(differences(&json!(1), &json!("1")), ["1 is not \"1\""]);
        assert!(differences(&left, &left).is_empty());
    }

    #[test]
    fn long_lists_of_differences_are_cut() {
        let numbers: Vec<_> = (0..30).collect();
        let lines = differences(&json!(numbers), &json!([]));
        assert_eq!((lines.len(), lines[20].as_str()), (21, "and 10 more"));
    }
}
