# The image under review, as commands name it.
package lib.image

default pinned := "IMAGE@DIGEST"

pinned := sprintf("%s@%s", [input.image.repository, input.image.digest])
