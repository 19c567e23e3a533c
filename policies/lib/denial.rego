# A denial with all that it has to say, and not more of it than anybody reads.
package lib.denial

import data.lib.words

of(code, wanted, found, nearest, fix) := {
	"code": code,
	"msg": sprintf("wanted %s, found %s", [wanted, concat("; ", words.few(found))]),
	"details": {"wanted": wanted, "found": words.first(found, 50), "nearest": words.first(nearest, 50)},
	"fix": fix,
}
