package lib.version_test

import data.lib.version

test_orders_versions_as_their_tools_do if {
	every line in [
		["npm", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.10.0", "2.0.0"],
		["golang", "v0.0.0-20200101000000-abcdef", "v0.0.1", "v1.9.0", "v1.10.0"],
		["maven", "2.0-alpha1", "2.0-beta9", "2.0-rc1", "2.0", "2.14.1", "2.15", "2.17.1"],
		["pypi", "1.0a1", "1.0b2", "1.0rc1", "1.0", "1.0.post1", "1.0.1"],
		["deb", "1.0~rc1-1", "1.0-1", "1.0-1+deb12u1", "1.0-1+deb12u7", "1.0-1+deb12u10", "1.1-1", "1:0.5-1"],
		["rpm", "3.0.7-6.el9", "3.0.7-16.el9", "3.0.7-16.el9.2"],
		["apk", "1.2.3", "1.2.3-r0", "1.2.3-r4", "1.2.12-r0"],
		["generic", "1.0.2", "1.0.2a", "1.0.2k", "1.0.10"],
	] {
		kind := line[0]
		pairs := [[line[index - 1], line[index]] | some index, _ in line; index > 1]
		every pair in pairs {
			version.compare(pair[0], pair[1], kind) == -1
			version.compare(pair[1], pair[0], kind) == 1
			version.compare(pair[0], pair[0], kind) == 0
		}
	}
}

test_takes_for_one_what_only_looks_different if {
	every pair in [["1.0", "1.0.0"], ["v1.0", "1"], ["1.0.Final", "1.0"], ["1.0.0-RC1", "1.0-rc1"], ["0:1.2", "1.2"], ["1.02", "1.2"]] {
		version.compare(pair[0], pair[1], "maven") == 0
	}
}

test_takes_no_word_for_an_epoch if version.compare("a:1", "1", "deb") == -1

test_knows_what_lies_in_a_range if {
	every range in ["<2", "<= 1.5", ">1.4 <1.6", "=1.5", "<1 || >=1.5", ">=1.0  <1.2||=1.5.0"] {
		version.is_within("1.5", range, "maven")
	}
	every range in [">2", "<1.5", ">1.5", ">=1.0 <1.2", "=1.4 || =1.6"] {
		not version.is_within("1.5", range, "maven")
	}
}
