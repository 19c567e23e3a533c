//! Results as JUnit XML, which CI servers show as tests.
//!
//! Refuses no text: what XML cannot hold is replaced, so that nobody's words end the document. A crate for XML would
//! write this little no shorter, and leaves characters that XML forbids to its caller.

use std::fmt::Write;

/// Cases that belong together.
pub(crate) struct Suite {
    /// What they have in common.
    pub(crate) name: String,
    /// One for each thing that was looked at.
    pub(crate) cases: Vec<Case>,
}

/// Something that was looked at.
#[derive(Default)]
pub(crate) struct Case {
    /// What it is a part of.
    pub(crate) class: String,
    /// What it is.
    pub(crate) name: String,
    /// The file that it stands in.
    pub(crate) file: Option<String>,
    /// The line.
    pub(crate) line: Option<u64>,
    /// What is wrong with it.
    pub(crate) problem: Option<Problem>,
    /// What else is to be known.
    pub(crate) output: String,
}

/// What is wrong.
pub(crate) struct Problem {
    pub(crate) kind: Kind,
    /// A stable code.
    pub(crate) code: String,
    /// In one line.
    pub(crate) summary: String,
    /// In full.
    pub(crate) detail: String,
}

/// Whether we looked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// We looked, and it does not hold.
    Failure,
    /// We could not look.
    Error,
}

/// The document.
pub(crate) fn render(name: &str, suites: &[Suite]) -> String {
    let cases = || suites.iter().flat_map(|suite| &suite.cases);
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    _ = writeln!(
        xml,
        "<testsuites name=\"{}\"{}>",
        escape(name),
        counts(cases())
    );
    for suite in suites {
        let name = escape(&suite.name);
        _ = writeln!(
            xml,
            "  <testsuite name=\"{name}\"{}>",
            counts(suite.cases.iter())
        );
        suite
            .cases
            .iter()
            .for_each(|case| write_case(&mut xml, case));
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn counts<'a>(cases: impl Iterator<Item = &'a Case> + Clone) -> String {
    let of = |kind| {
        let problems = cases.clone().filter_map(|case| case.problem.as_ref());
        problems.filter(|problem| problem.kind == kind).count()
    };
    let (failures, errors) = (of(Kind::Failure), of(Kind::Error));
    format!(
        " tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\"",
        cases.count()
    )
}

fn write_case(xml: &mut String, case: &Case) {
    let (class, name) = (escape(&case.class), escape(&case.name));
    _ = write!(xml, "    <testcase classname=\"{class}\" name=\"{name}\"");
    if let Some(file) = &case.file {
        _ = write!(xml, " file=\"{}\"", escape(file));
    }
    if let Some(line) = case.line {
        _ = write!(xml, " line=\"{line}\"");
    }
    xml.push_str(">\n");
    if let Some(problem) = &case.problem {
        let element = match problem.kind {
            Kind::Failure => "failure",
            Kind::Error => "error",
        };
        let [summary, code, detail] =
            [&problem.summary, &problem.code, &problem.detail].map(|text| escape(text));
        _ = writeln!(
            xml,
            "      <{element} message=\"{summary}\" type=\"{code}\">{detail}</{element}>"
        );
    }
    if !case.output.is_empty() {
        let output = escape(&case.output);
        _ = writeln!(xml, "      <system-out>{output}</system-out>");
    }
    xml.push_str("    </testcase>\n");
}

/// `text` for an attribute or for content alike.
///
/// Source: XML 1.0 (fifth edition), section 2.2: most control characters may not even be written as references.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            '\r' => escaped.push_str("&#13;"),
            '\u{20}'..='\u{7e}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'.. => escaped.push(character),
            _ => escaped.push('\u{fffd}'),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a\" b='c' <x/> ]]></failure><testcase/> &amp; \u{0}\u{8}\u{1b}[2J\u{ffff}\u{fffe}\u{85}\u{7f}\r\n\tü\u{1f600}";

    #[test]
    fn nobodys_words_end_an_element_an_attribute_or_the_document() {
        let case = Case {
            class: HOSTILE.to_owned(),
            name: HOSTILE.to_owned(),
            file: Some(HOSTILE.to_owned()),
            line: Some(3),
            problem: Some(Problem {
                kind: Kind::Failure,
                code: HOSTILE.to_owned(),
                summary: HOSTILE.to_owned(),
                detail: HOSTILE.to_owned(),
            }),
            output: HOSTILE.to_owned(),
        };
        let suite = Suite {
            name: HOSTILE.to_owned(),
            cases: vec![case],
        };
        let xml = render(HOSTILE, &[suite]);
        // Only our own markup is left once what was escaped is set aside.
        let elements: Vec<_> = xml
            .split('<')
            .skip(1)
            .filter_map(|tag| tag.split([' ', '>', '\n']).next())
            .collect();
        assert_eq!(
            elements,
            [
                "?xml",
                "testsuites",
                "testsuite",
                "testcase",
                "failure",
                "/failure",
                "system-out",
                "/system-out",
                "/testcase",
                "/testsuite",
                "/testsuites"
            ]
        );
        let is_allowed = |letter: char| matches!(letter, '\n' | ' '..='~' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..);
        assert!(xml.chars().all(is_allowed), "{xml:?}");
        assert_eq!(xml.matches("&quot; b='c' &lt;x/&gt; ]]&gt;").count(), 9);
    }

    #[test]
    fn what_failed_and_what_could_not_be_looked_at_is_counted() {
        let case = |kind: Option<Kind>| Case {
            problem: kind.map(|kind| Problem {
                kind,
                code: "c".to_owned(),
                summary: "s".to_owned(),
                detail: "d".to_owned(),
            }),
            ..Case::default()
        };
        let suite = |cases| Suite {
            name: "s".to_owned(),
            cases,
        };
        let suites = [
            suite(vec![case(None), case(Some(Kind::Failure))]),
            suite(vec![case(Some(Kind::Error))]),
        ];
        let xml = render("all", &suites);
        for counts in [
            "<testsuites name=\"all\" tests=\"3\" failures=\"1\" errors=\"1\">",
            "<testsuite name=\"s\" tests=\"2\" failures=\"1\" errors=\"0\">",
            "<testsuite name=\"s\" tests=\"1\" failures=\"0\" errors=\"1\">",
        ] {
            assert!(xml.contains(counts), "{xml}");
        }
    }
}
