//go:build tools

// Package tools pins what ../build.sh builds here.
package tools

import _ "github.com/sigstore/rekor-tiles/v2/cmd/rekor-server/posix"
