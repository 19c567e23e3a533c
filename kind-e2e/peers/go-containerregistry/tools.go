//go:build tools

package main

// Pins the other command that ../build.sh builds here.
import _ "github.com/google/go-containerregistry/cmd/crane"
