// Command etcd is etcd itself: its module offers the server as a library, and its own main is not importable by version.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
