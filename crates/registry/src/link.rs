//! The `Link` header, of which only the next page is of interest.

use http::{HeaderMap, header};

/// The target of the link to the next page.
pub(crate) fn next(headers: &HeaderMap) -> Option<&str> {
    let values = headers
        .get_all(header::LINK)
        .iter()
        .filter_map(|value| value.to_str().ok());
    values
        .flat_map(links)
        .find(|(_, parameters)| is_next(parameters))
        .map(|(target, _)| target)
}

/// Each `<target>` of a header, with the parameters that follow it.
fn links(value: &str) -> impl Iterator<Item = (&str, &str)> {
    value
        .split('<')
        .skip(1)
        .filter_map(|link| link.split_once('>'))
}

fn is_next(parameters: &str) -> bool {
    parameters.split([';', ',']).any(|parameter| {
        let Some((name, value)) = parameter.split_once('=') else {
            return false;
        };
        let mut relations = value.trim().trim_matches('"').split(' ');
        name.trim().eq_ignore_ascii_case("rel")
            && relations.any(|relation| relation.eq_ignore_ascii_case("next"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_next_page_and_nothing_else() {
        for (value, target) in [
            (
                "</v2/a/referrers/x?from=2>; rel=\"next\"",
                Some("/v2/a/referrers/x?from=2"),
            ),
            ("</b>; rel=next", Some("/b")),
            (
                "</a>; rel=\"prev\", </b>; title=\"t\"; REL=\"last Next\"",
                Some("/b"),
            ),
            ("</a>; rel=\"prev\"", None),
            ("</a>; rel=\"nextish\"", None),
            ("</a>", None),
            ("/a; rel=\"next\"", None),
            ("<", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::LINK, value.parse().unwrap());
            assert_eq!(next(&headers), target, "{value}");
        }
    }
}
