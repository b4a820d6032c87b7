//go:build tools

// Package tools names the programs that the test cluster builds, so that `go mod tidy` keeps what they need in go.sum.
package tools

import _ "github.com/fluxcd/kustomize-controller"
