package amazon

import (
	"context"
	"net/http"
	"time"

	"tieout/app/fault"
)

// RestrictedResource is a call that returns personal data.
type RestrictedResource struct {
	Method       string   `json:"method"` // GET, PUT, POST or DELETE
	Path         string   `json:"path"`   // concrete, or generic such as /orders/v0/orders/{orderId}
	DataElements []string `json:"dataElements,omitempty"`
}

// RestrictedToken opens the resources it was made for, in place of the seller's
// token.
type RestrictedToken struct {
	Value Secret
	Until time.Time
}

// restrictedResources is how many one token may cover.
const restrictedResources = 50

var opCreateRestrictedDataToken = Operation{"createRestrictedDataToken", 1, 10}

// CreateRestrictedDataToken returns a token for 1 to 50 resources.
func (c *Client) CreateRestrictedDataToken(ctx context.Context, resources ...RestrictedResource) (RestrictedToken, error) {
	if len(resources) == 0 || len(resources) > restrictedResources {
		return RestrictedToken{}, fault.New(fault.Invalid, "A restricted data token covers 1 to %d resources, not %d.", restrictedResources, len(resources))
	}
	var answer struct {
		Token     string `json:"restrictedDataToken"`
		ExpiresIn int    // seconds
	}
	body := struct {
		Resources []RestrictedResource `json:"restrictedResources"`
	}{resources}
	asked := c.cfg.Clock.Now()
	err := c.call(ctx, request{op: opCreateRestrictedDataToken, method: http.MethodPost, path: "/tokens/2021-03-01/restrictedDataToken", body: body}, &answer)
	if err != nil {
		return RestrictedToken{}, err
	}
	return RestrictedToken{Hide(answer.Token), asked.Add(time.Duration(answer.ExpiresIn) * time.Second)}, nil
}
