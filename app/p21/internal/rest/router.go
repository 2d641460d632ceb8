package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"net/url"
	"strings"
)

// routerPath keeps its last slash: without it servers redirect, which would
// lose the token.
const routerPath = "/api/ui/router/v1/"

// UIServer returns the address of the UI server, where transactions are sent,
// without a slash at its end. It asks once and remembers.
func (c *Client) UIServer(ctx context.Context) (string, error) {
	const operation = "find the UI server"
	if known := c.ui.Load(); known != nil {
		return *known, nil
	}
	var body []byte
	if err := c.Get(ctx, operation, routerPath, &body, "urlType", "external"); err != nil {
		return "", err
	}
	address, err := parseRoute(body)
	if err != nil {
		return "", Broken(operation, "%v", err)
	}
	if !mayHaveToken(address, c.base) {
		return "", Broken(operation, "%q is not an address that may be given the token", address)
	}
	c.ui.Store(&address)
	return address, nil
}

// parseRoute reads {"Url":"..."} or, from some middleware whatever was asked
// for, the same in XML.
func parseRoute(body []byte) (string, error) {
	var route struct {
		URL string `json:"Url" xml:"Url"`
	}
	read := json.Unmarshal
	if bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) {
		read = xml.Unmarshal
	}
	err := read(body, &route)
	return strings.TrimRight(strings.TrimSpace(route.URL), "/"), err
}

// mayHaveToken reports whether an address is a server's, and as well guarded as
// the one that named it.
func mayHaveToken(address, base string) bool {
	found, err := url.Parse(address)
	if err != nil || found.Host == "" {
		return false
	}
	return found.Scheme == "https" || found.Scheme == "http" && strings.HasPrefix(base, "http://")
}
