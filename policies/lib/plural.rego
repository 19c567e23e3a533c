# Numbers of things.
package lib.plural

of(number, noun) := sprintf("1 %s", [noun]) if number == 1

of(number, noun) := sprintf("%d %ss", [number, noun]) if number != 1
