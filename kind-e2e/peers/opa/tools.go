//go:build tools

// Package tools pins what ../build.sh builds here.
package tools

import _ "github.com/open-policy-agent/opa"
