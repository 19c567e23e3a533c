package lib.purl_test

import data.lib.purl

test_takes_a_package_url_apart if {
	every text, parts in {
		"pkg:npm/%40angular/core@1.0?x=y#z": ["pkg:npm/@angular/core", "1.0", "npm"],
		"pkg:npm/@angular/core@1.0": ["pkg:npm/@angular/core", "1.0", "npm"],
		"pkg://NPM/@Angular/Core/@1.0": ["pkg:npm/@angular/core", "1.0", "npm"],
		"pkg:deb/debian/libc6@2.36-9%2Bdeb12u4?arch=amd64": ["pkg:deb/debian/libc6", "2.36-9+deb12u4", "deb"],
		"pkg:golang/github.com/a/b@v1.0#sub/dir": ["pkg:golang/github.com/a/b", "v1.0", "golang"],
	} {
		purl.base(text) == parts[0]
		purl.version(text) == parts[1]
		purl.kind(purl.base(text)) == parts[2]
	}
}

test_knows_no_version_where_there_is_none if {
	every text in ["pkg:npm/a", "pkg:npm/a@", "pkg:npm/@scope/a", "pkg:npm/a?v=@1"] {
		not purl.version(text)
	}
}

test_knows_no_base_of_what_is_no_package_url if {
	every text in ["", "npm/a", "https://pkg:npm/a", null] {
		not purl.base(text)
	}
}

test_names_what_has_no_package_url if {
	purl.names("pkg:maven/org.acme/lib") == {"org.acme:lib", "org.acme/lib", "lib"}
	purl.names("pkg:npm/lib") == {"lib"}
}
