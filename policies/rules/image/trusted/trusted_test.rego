package rules.image.trusted_test

import data.rules.image.trusted

test_admits_any_image_for_a_reason if {
	every found in [{}, {"image": {}}, {"image": {"reference": "registry.k8s.io/pause:3.10"}}] {
		count(trusted.deny) == 0 with input as found with data.params as _params
	}
}

test_warns_that_it_did_and_why if {
	warnings := trusted.warn with input as {"image": {"reference": "registry.k8s.io/pause:3.10"}} with data.params as _params
	warnings == {{
		"code": "trusted",
		"msg": "registry.k8s.io/pause:3.10 is trusted without evidence: part of the node",
	}}
	some warning in trusted.warn with input as {} with data.params as _params
	warning.msg == "the image is trusted without evidence: part of the node"
}

test_denies_without_a_reason if {
	every params in [{}, {"reason": ""}, {"reason": " \t"}] {
		some denial in trusted.deny with input as {} with data.params as params
		denial.code == "no_reason"
		count(trusted.warn) == 0 with input as {} with data.params as params
	}
}

_params := {"reason": "part of the node"}
