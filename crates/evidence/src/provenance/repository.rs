//! Repositories compared as people mean them, whatever URL a builder writes.
//!
//! Refuses nothing; an address that is no repository of the usual forms is compared as it is.

/// `uri` in one spelling: `https://<host>/<path>`, without credentials, ref and `.git`.
///
/// The path keeps its case, but on GitHub, which knows none.
pub(crate) fn canonical(uri: &str) -> String {
    let uri = uri.strip_prefix("git+").unwrap_or(uri);
    let Some((host, path)) = host_and_path(uri) else {
        return uri.to_owned();
    };
    let host = host.to_ascii_lowercase();
    let on_github = host == "github.com" || host.ends_with(".ghe.com");
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let path = without_ref(path, on_github).trim_end_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    if on_github {
        format!("https://{host}/{}", path.to_ascii_lowercase())
    } else {
        format!("https://{host}/{path}")
    }
}

/// The host without user and default port, and the path without its first slash.
fn host_and_path(uri: &str) -> Option<(&str, &str)> {
    let (authority, path, port) = match uri.split_once("://") {
        Some((scheme, rest)) => {
            let port = match scheme {
                "https" => ":443",
                "http" => ":80",
                "ssh" => ":22",
                _ => return None,
            };
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            (authority, path, port)
        }
        // As scp has it: `git@host:owner/repository`.
        None => {
            let (authority, path) = uri.split_once(':')?;
            if authority.contains('/') || !authority.contains('@') {
                return None;
            }
            (authority, path, "")
        }
    };
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let host = host.strip_suffix(port).unwrap_or(host);
    Some((host, path.trim_start_matches('/')))
}

/// The path before `@<ref>`: a full ref, or whatever follows in the last part. On GitHub no name has an `@`.
fn without_ref(path: &str, on_github: bool) -> &str {
    let last = path.rfind('/').map_or(0, |slash| slash + 1);
    let at = if on_github {
        path.find('@')
    } else {
        path.rfind("@refs/")
            .or_else(|| path.rfind('@').filter(|at| *at > last))
    };
    at.and_then(|at| path.get(..at)).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_one_repository_is_the_same() {
        for uri in [
            "https://github.com/acme/app",
            "https://github.com/acme/app/",
            "https://github.com/acme/app.git",
            "https://github.com/Acme/App.git",
            "https://GitHub.com:443/acme/app",
            "https://user:token@github.com/acme/app.git",
            "git+https://github.com/acme/app@refs/heads/main",
            "git+https://github.com/acme/app.git@v1",
            "https://github.com/acme/app.git#0123abc:sub",
            "https://github.com/acme/app?x=y",
            "http://github.com/acme/app",
            "ssh://git@github.com/acme/app.git",
            "ssh://git@github.com:22/acme/app",
            "git@github.com:acme/app.git",
            "git+ssh://git@github.com/acme/app",
        ] {
            assert_eq!(canonical(uri), "https://github.com/acme/app", "{uri}");
        }
    }

    #[test]
    fn look_alikes_stay_other_repositories() {
        for uri in [
            "https://github.com/acme/app-fork",
            "https://github.com/acme/app.git.git",
            "https://github.com/acme",
            "https://github.com.evil/acme/app",
            "https://evil@gitlab.com/acme/app",
            "https://github.com:8443/acme/app",
            "https://evil/github.com/acme/app",
            "oci://github.com/acme/app",
            "github.com/acme/app",
            "acme/app",
            "",
        ] {
            assert_ne!(canonical(uri), "https://github.com/acme/app", "{uri}");
        }
    }

    #[test]
    fn case_and_at_signs_of_other_hosts_mean_something() {
        for (uri, same) in [
            ("https://GIT.example/A/b.git", "https://git.example/A/b"),
            (
                "https://git.example/a@b/c.git#main",
                "https://git.example/a@b/c",
            ),
            (
                "git+https://git.example/a@b/c@refs/tags/v1",
                "https://git.example/a@b/c",
            ),
            ("git@git.example:a/b", "https://git.example/a/b"),
            (
                "https://tenant.ghe.com/Acme/app",
                "https://tenant.ghe.com/acme/app",
            ),
            ("gs://bucket/a.tgz#1", "gs://bucket/a.tgz#1"),
        ] {
            assert_eq!(canonical(uri), same, "{uri}");
        }
    }
}
