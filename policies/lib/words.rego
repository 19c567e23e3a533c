# Lists in sentences, however long somebody else made them.
package lib.words

# At most five of them, and how many more there are.
few(items) := first(items, 5)

first(items, number) := items if count(items) <= number

first(items, number) := array.concat(array.slice(items, 0, number), [sprintf("%d more", [count(items) - number])]) if {
	count(items) > number
}
