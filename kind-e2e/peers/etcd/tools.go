//go:build tools

// Package tools pins what ../build.sh builds here.
package tools

import _ "go.etcd.io/etcd/server/v3"
