// Command refregistry serves an empty registry with the referrers API from memory: refregistry ADDRESS.
package main

import (
	"io"
	"log"
	"net/http"
	"os"

	"github.com/google/go-containerregistry/pkg/registry"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: refregistry ADDRESS")
	}
	// Its own logger adds other lines and writes only after the answer; tests count a line a request.
	handler := registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0)))
	log.Fatal(http.ListenAndServe(os.Args[1], http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		log.Print(r.Method, " ", r.URL)
		handler.ServeHTTP(w, r)
	})))
}
