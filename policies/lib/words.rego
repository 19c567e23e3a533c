# Lists in sentences, however long somebody else made them.
package lib.words

# At most five of them, and how many more there are.
few(items) := items if count(items) <= 5

few(items) := array.concat(array.slice(items, 0, 5), [sprintf("%d more", [count(items) - 5])]) if count(items) > 5
