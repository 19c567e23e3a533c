# The image under review, as commands name it.
package lib.image

default pinned := "IMAGE@DIGEST"

pinned := sprintf("%s@%s", [input.image.repository, input.image.digest])

# What is about a child of an index says nothing about the image as a whole.
whole(entries) := [entry | some entry in entries; object.get(entry, "platform", null) == null]
