package rules.image.user_test

import data.rules.image.user

test_admits_users_that_are_not_root if {
	every name in ["65532", "1000:0", "app", "app:root", "nonroot", "rooty", "100"] {
		count(user.deny) == 0 with input as _input({"linux/amd64": {"labels": {}, "user": name}}) with data.params as {"numeric": false}
	}
}

test_admits_numbers_where_numbers_are_wanted if {
	every name in ["65532", "1000:1000", "1", "4294967294"] {
		count(user.deny) == 0 with input as _input({"linux/amd64": {"user": name}}) with data.params as {"numeric": true}
	}
}

test_denies_root_however_it_is_written if {
	every name in ["root", "0", "0:1000", "root:app", "00", "+0", "-0", " root", "Root", "ContainerAdministrator"] {
		some denial in user.deny with input as _input({"linux/amd64": {"user": name}}) with data.params as {"numeric": false}
		denial.code == "root"
	}
}

test_denies_nobody_at_all_which_means_root if {
	every one in [{}, {"user": ""}, {"user": ":1000"}, {"labels": {}}] {
		some denial in user.deny with input as _input({"linux/amd64": one}) with data.params as {"numeric": false}
		denial == {
			"code": "root",
			"msg": "wanted a user that is not root, found linux/amd64: no user, which means root",
			"details": {
				"wanted": "a user that is not root",
				"found": ["linux/amd64: no user, which means root"],
				"nearest": [],
			},
			"fix": concat("", [
				"end the Dockerfile with USER and a number, such as USER 65532, ",
				"and see that this user can read what it needs",
			]),
		}
	}
}

test_denies_if_one_platform_of_several_runs_as_root if {
	both := {"linux/amd64": {"user": "65532"}, "linux/arm64": {"user": "0"}}
	some denial in user.deny with input as _input(both) with data.params as {"numeric": false}
	denial.code == "root"
	denial.details.found == ["linux/arm64: user 0"]
}

test_denies_names_where_numbers_are_wanted if {
	every name in ["app", "0x0", "01", "1e3", "99999999999"] {
		some denial in user.deny with input as _input({"linux/amd64": {"user": name}}) with data.params as {"numeric": true}
		denial.code == "user_not_numeric"
		denial.msg == sprintf("wanted a user that is not root, as a number, found linux/amd64: user %s", [name])
	}
}

test_denies_where_nothing_is_known if {
	every found in [{}, {"image": {}}, _input({})] {
		denials := user.deny with input as found with data.params as {}
		{denial.code | some denial in denials} == {"no_config"}
	}
}

_input(configs) := {"image": {"config": configs}}
