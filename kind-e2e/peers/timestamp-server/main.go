// Command timestamp-server serves a timestamp authority that keeps its key in memory, with the flags that the timestamp
// authority's own command has for that: timestamp-server serve --host HOST --port PORT.
//
// That one also serves metrics, always on port 2112, and ends where the port is taken: of two runs, one would fail.
package main

import (
	"flag"
	"log"
	"os"
	"time"

	"github.com/sigstore/timestamp-authority/v2/pkg/server"
	"github.com/sigstore/timestamp-authority/v2/pkg/signer"
	"github.com/spf13/viper"
)

// The policy of Sigstore's timestamps.
const policy = "1.3.6.1.4.1.57264.2"

func main() {
	flags := flag.NewFlagSet("timestamp-server serve", flag.ExitOnError)
	host := flags.String("host", "localhost", "where to listen")
	port := flags.Int("port", 0, "the port to listen on")
	memory := flags.String("timestamp-signer", signer.MemoryScheme, "where the key is: memory alone")
	flags.Bool("disable-ntp-monitoring", true, "nothing is monitored")
	if len(os.Args) < 2 || os.Args[1] != "serve" {
		log.Fatal("usage: timestamp-server serve [FLAG]...")
	}
	_ = flags.Parse(os.Args[2:]) // it exits where this fails
	if *memory != signer.MemoryScheme || flags.NArg() > 0 {
		log.Fatal("only keys in memory, and no arguments")
	}
	viper.Set("timestamp-signer", signer.MemoryScheme)
	viper.Set("timestamp-signer-hash", "sha256")
	viper.Set("default-policy-oid", policy)
	viper.Set("accepted-policy-oids", []string{policy})
	viper.Set("max-request-body-size", 1<<20)
	timeout := 30 * time.Second
	log.Fatal(server.NewRestAPIServer(*host, *port, []string{"http"}, false, timeout, timeout).Serve())
}
