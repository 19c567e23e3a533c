# Whose word counts: that of the authorities in the parameter `authorities`, or without it of any authority of the policy.
package lib.vouch

# Those that vouch for an entry of the evidence and count here.
by(entry) := entry.authorities if not data.params.authorities

by(entry) := [name | some name in entry.authorities; name in data.params.authorities] if data.params.authorities

accepted(entry) if count(by(entry)) > 0

# As in "a signature by …".
default names := "any authority of the policy"

names := sprintf("authority %s", [concat(" or ", data.params.authorities)])

# Why an entry that is not accepted does not count, as part of a line about it.
line(what, entry) := sprintf("%s in the word of %s, which does not count here", [what, concat(", ", entry.authorities)])
