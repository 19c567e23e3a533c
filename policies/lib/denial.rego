# A denial with all that it has to say.
package lib.denial

import data.lib.words

of(code, wanted, found, nearest, fix) := {
	"code": code,
	"msg": sprintf("wanted %s, found %s", [wanted, concat("; ", words.few(found))]),
	"details": {"wanted": wanted, "found": found, "nearest": nearest},
	"fix": fix,
}
