package lib.license_test

import data.lib.license

test_accepts_what_is_not_denied if {
	every text in [
		"MIT", "MIT OR GPL-3.0-only", "GPL-3.0-only OR MIT", "(MIT)", "(GPL-3.0-only OR MIT) AND (BSD-3-Clause)",
		"GPL-3.0-only OR (MIT AND (ISC OR (GPL-3.0-only AND ISC)))", "mit or gpl-3.0-only", "The MIT License",
		"MIT AND GPL-3.0-only OR ISC",
	] {
		license.is_acceptable(text, null, ["GPL-3[.]0-.*"])
	}
}

test_accepts_nothing_that_is_denied if {
	every text in [
		"GPL-3.0-only", "gpl-3.0-only", "MIT AND GPL-3.0-only", "(MIT AND GPL-3.0-only)", "GPL-3.0-or-later WITH GCC-exception-3.1",
		"(MIT OR ISC) AND GPL-3.0-only", "GPL-3.0-only OR (GPL-3.0-only AND (MIT OR ISC))", " GPL-3.0-only ",
		"MIT\tand\nGPL-3.0-only",
	] {
		not license.is_acceptable(text, null, ["GPL-3[.]0-.*"])
	}
}

test_denies_an_exception_with_its_licence_or_alone if {
	not license.is_acceptable("GPL-3.0-only WITH GCC-exception-3.1", null, ["GPL-3[.]0-only"])
	not license.is_acceptable("GPL-3.0-only WITH GCC-exception-3.1", null, ["GPL-3[.]0-only WITH GCC.*"])
	license.is_acceptable("GPL-3.0-only", null, ["GPL-3[.]0-only WITH GCC.*"])
}

test_accepts_only_what_is_allowed if {
	allow := ["MIT", "ISC", "GPL-2[.]0-only WITH Classpath-exception-2[.]0"]
	every text in ["MIT", "mit", "MIT AND ISC", "GPL-2.0-only WITH Classpath-exception-2.0", "Apache-2.0 OR ISC"] {
		license.is_acceptable(text, allow, [])
	}
	every text in ["Apache-2.0", "MIT AND Apache-2.0", "GPL-2.0-only", "MITX", "XMIT", "MIT ISC", "MIT WITH x"] {
		not license.is_acceptable(text, allow, [])
	}
}

test_accepts_nothing_that_cannot_be_taken_apart if {
	every text in [
		"", " ", "MIT AND ", "(MIT", "MIT)", "()", "(((((MIT)))))", "\u0001", "\u0001no", "MIT OR \u0001", "MIT)(", null, ["MIT"],
	] {
		not license.is_acceptable(text, null, [])
	}
}
