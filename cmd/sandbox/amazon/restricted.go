package amazon

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// restricted is a call whose personal data a token opens.
type restricted struct {
	Method   string   `json:"method"`
	Path     string   `json:"path"`
	Elements []string `json:"dataElements"`
}

// opens reports whether the resource covers a call and an element of its
// answer; "" is the answer itself.
func (x restricted) opens(r *http.Request, element string) bool {
	if x.Method != r.Method || (element != "" && !slices.Contains(x.Elements, element)) {
		return false
	}
	pattern, path := strings.Split(x.Path, "/"), strings.Split(r.URL.Path, "/")
	return slices.EqualFunc(pattern, path, func(p, part string) bool { return p == part || strings.HasPrefix(p, "{") })
}

// personal reports whether the request's token opens personal data.
func (s *Server) personal(r *http.Request, element string) bool {
	s.mu.Lock()
	g := s.tokens[r.Header.Get("x-amz-access-token")]
	s.mu.Unlock()
	return slices.ContainsFunc(g.restricted, func(x restricted) bool { return x.opens(r, element) })
}

// serveRestrictedToken gives a token for up to 50 resources. It opens what the
// seller's token opens, and the resources' personal data.
func (s *Server) serveRestrictedToken(w http.ResponseWriter, r *http.Request, a *account) {
	var asked struct {
		Resources []restricted `json:"restrictedResources"`
	}
	err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&asked)
	if err != nil || len(asked.Resources) == 0 || len(asked.Resources) > 50 {
		invalid(w, "The request must name 1 to 50 restricted resources.", "")
		return
	}
	for _, x := range asked.Resources {
		switch {
		case x.Method == "" || !strings.HasPrefix(x.Path, "/"):
			invalid(w, "A restricted resource needs a method and a path.", x.Path)
			return
		case len(x.Elements) > 0 && !elementsAllowed(x.Path):
			invalid(w, "The data elements are not applicable to this path.", x.Path)
			return
		case a.Impersonal && strings.HasPrefix(x.Path, "/orders/"):
			writeErrors(w, http.StatusForbidden, "Unauthorized", denied, "The application has no role for "+x.Path)
			return
		}
	}
	token := s.open("Atz.sprdt|", grant{account: a, restricted: asked.Resources})
	write(w, http.StatusOK, map[string]any{"restrictedDataToken": token, "expiresIn": int(tokenLife / time.Second)})
}

// elementsAllowed: data elements are for v0 getOrders, getOrder and getOrderItems.
func elementsAllowed(path string) bool {
	rest, ok := strings.CutPrefix(path, pathOrdersV0)
	return ok && (strings.Count(rest, "/") < 2 || strings.HasSuffix(rest, "/orderItems"))
}
