// A server that accepts requests with an access token of Gatehouse.
package main

import (
	"context"
	"log"
	"net/http"
	"os"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
)

func main() {
	ctx := context.Background()
	// docs/trust.md: Go, go
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("localhost:"+os.Getenv("PORT"), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		// docs/trust.md: Go, go 2
		if err != nil || !isAccessToken {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Write([]byte(user.Subject))
	})))
}
