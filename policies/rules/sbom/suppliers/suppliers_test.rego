package rules.sbom.suppliers_test

import data.rules.sbom.suppliers

test_admits_packages_of_accepted_suppliers if {
	count(suppliers.deny) == 0 with input as _input([_sbom]) with data.params as _params
}

test_admits_packages_without_a_supplier_where_that_is_allowed if {
	params := object.union(_params, {"missing": "allow"})
	count(suppliers.deny) == 0 with input as _input([_with({"name": "zlib"})]) with data.params as params
}

test_admits_if_one_of_several_names_all_suppliers if {
	count(suppliers.deny) == 0 with input as _input([_with({"name": "zlib"}), _sbom]) with data.params as _params
}

test_admits_packages_of_the_listed_names if {
	named := object.union(_sbom, {"packages": [{"name": "api"}, {"name": "lib", "supplier": "Acme"}]})
	count(suppliers.deny) == 0 with input as _input([named]) with data.params as _params
}

test_looks_at_no_supplier_of_the_image_itself if {
	named := object.union(_sbom, {"packages": array.concat([{"name": "api", "supplier": "Mallory"}], [_lib])})
	count(suppliers.deny) == 0 with input as _input([named]) with data.params as _params
}

test_denies_without_an_sbom_that_counts if {
	every sboms in [[], [object.union(_sbom, {"scope": "context"})], [object.union(_sbom, {"authorities": ["release"]})]] {
		some denial in suppliers.deny with input as _input(sboms) with data.params as _params
		denial.code == "no_sbom"
		startswith(denial.msg, "wanted packages of Acme or one like Debian .* only, found ")
	}
}

test_denies_a_package_of_another_supplier if {
	every missing in ["allow", "deny"] {
		params := object.union(_params, {"missing": missing})
		bad := _with({"name": "zlib", "version": "1.3", "supplier": "Mallory"})
		denials := suppliers.deny with input as _input([bad]) with data.params as params
		[[denial.code, denial.details.found] | some denial in denials] == [[
			"supplier_not_accepted",
			["zlib 1.3 of Mallory, in the spdx SBOM by ci"],
		]]
	}
}

test_hears_of_a_supplier_from_anybody if {
	bad := object.union(_with({"name": "zlib", "supplier": "Mallory"}), {"authorities": ["release"]})
	denials := suppliers.deny with input as _input([_sbom, bad]) with data.params as _params
	{denial.code | some denial in denials} == {"supplier_not_accepted"}
}

test_denies_a_package_without_a_supplier if {
	denials := suppliers.deny with input as _input([_with({"name": "zlib"})]) with data.params as _params
	[[denial.code, denial.details.found] | some denial in denials] == [[
		"supplier_missing",
		["spdx SBOM by ci: 1 package without a supplier"],
	]]
}

test_denies_where_nothing_is_known if count(suppliers.deny) == 1 with input as {} with data.params as {}

_params := {"allow": ["Acme"], "patterns": ["Debian .*"], "missing": "deny", "authorities": ["ci"]}

_lib := {"name": "lib", "supplier": "Debian OpenSSL Team"}

_with(package_) := object.union(_sbom, {"packages": array.concat(_sbom.packages, [package_])})

_sbom := {"authorities": ["ci"], "kind": "spdx", "scope": "image", "root": 0, "packages": [{"name": "api"}, _lib]}

_input(sboms) := {
	"image": {"repository": "registry.example.com/shop/api", "digest": "sha256:aa", "platforms": []},
	"evidence": {"sboms": sboms, "rejected": []},
}
