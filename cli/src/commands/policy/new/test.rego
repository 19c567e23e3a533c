package rules.CATEGORY.NAME_test

import data.rules.CATEGORY.NAME

test_admits_a_pod_with_the_label if {
	count(NAME.deny) == 0 with input as _pod({"owner": "shop"}) with data.params as {"label": "owner"}
}

test_denies_a_pod_without_it if {
	some denial in NAME.deny with input as _pod({"team": "shop"}) with data.params as {"label": "owner"}
	denial == {
		"code": "no_label",
		"msg": "wanted the label owner, found team",
		"fix": "add the label owner to the pod",
	}
}

test_denies_where_nothing_is_known if {
	some denial in NAME.deny with input as {} with data.params as {"label": "owner"}
	denial.msg == "wanted the label owner, found none"
}

_pod(labels) := {"workload": {"labels": labels}}
