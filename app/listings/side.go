package listings

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"tieout/app/amazon"
	"tieout/app/clock"
	"tieout/app/connection"
	"tieout/app/exception"
	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/outbound"
)

const kindAttributes = "amazon_attributes"

// looks is how long a listing is left alone between two looks at it; patience,
// how long Amazon may take to show what it accepted.
const (
	looks    = 2 * time.Minute
	patience = 24 * time.Hour
)

// told is what Amazon is told of a listing.
type told struct {
	SKU         string     `json:"sku"`
	Marketplace string     `json:"marketplace"`
	ProductType string     `json:"productType"`
	Attributes  attributes `json:"attributes"`
}

// fill writes what is told into a mapped record, where Message finds it.
func (t told) fill(m flow.Mapped, seller string) (flow.Mapped, error) {
	text, err := t.Attributes.encode()
	if err != nil {
		return m, err
	}
	m.Header["seller"], m.Header["sku"], m.Header["marketplace"] = seller, t.SKU, t.Marketplace
	m.Header["product_type"], m.Header["attributes"] = t.ProductType, text
	return m, nil
}

func toldOf(m flow.Mapped) (told, error) {
	a, err := decode(m.Text("attributes"))
	return told{m.Text("sku"), m.Text("marketplace"), m.Text("product_type"), a}, err
}

func readTold(m outbound.Message) (t told, err error) {
	decoder := json.NewDecoder(bytes.NewReader(m.Payload))
	decoder.UseNumber()
	if err := decoder.Decode(&t); err != nil {
		return t, fmt.Errorf("read payload of %s: %w", m.Reference, err)
	}
	return t, nil
}

// side is Amazon's listings as a target of the write protocol. Attributes are
// replaced: what was sent and is not shown yet may be sent again.
type side struct {
	client     *amazon.Client
	connection connection.Connection
	clock      clock.Clock
}

func (s *side) CanLookUp() bool         { return true }
func (s *side) RefusesDuplicates() bool { return true }

func (s *side) listing(ctx context.Context, sku, marketplace string) (amazon.Listing, error) {
	l, err := s.client.Listing(ctx, s.connection.SellerID, sku, marketplace)
	if err != nil {
		return l, fmt.Errorf("read listing of %s: %w", sku, err)
	}
	return l, nil
}

// preview asks Amazon what it thinks of a change: *flow.Obstacle when it would
// refuse it, else what it remarks.
func (s *side) preview(ctx context.Context, t told, change attributes) (remarks []string, err error) {
	if len(change) == 0 {
		return nil, nil
	}
	answer, err := s.client.PatchListing(ctx, s.connection.SellerID, t.SKU, t.Marketplace, amazon.ListingPatch{ProductType: t.ProductType, Attributes: change}, true)
	if err != nil {
		return nil, fmt.Errorf("preview listing of %s: %w", t.SKU, err)
	}
	wrong := severe(answer.Issues)
	if len(wrong) == 0 && answer.Status == amazon.SubmissionValid {
		return wordsOf(answer.Issues), nil
	}
	return nil, refusal(wrong, answer.Status)
}

// severe are the issues because of which Amazon does nothing.
func severe(issues []amazon.ListingIssue) []amazon.ListingIssue {
	return slices.DeleteFunc(slices.Clone(issues), func(i amazon.ListingIssue) bool { return i.Severity != "ERROR" })
}

// refusal groups products that Amazon refuses for the same reason.
func refusal(wrong []amazon.ListingIssue, status string) *flow.Obstacle {
	o := &flow.Obstacle{Class: exception.DeliveryRefused, Cause: Name + "/" + status, Title: "Amazon product details: " + status, Words: "Amazon answers " + status + " and does not say why."}
	if len(wrong) > 0 {
		first := wrong[0]
		o.Cause = Name + "/" + first.Code + " " + strings.Join(first.Attributes, " ")
		o.Title, o.Words = "Amazon product details: "+words(first), strings.Join(wordsOf(wrong), " ")
	}
	return o
}

func wordsOf(issues []amazon.ListingIssue) (list []string) {
	for _, i := range issues {
		list = append(list, words(i))
	}
	return list
}

// words are Amazon's own, with the attributes that it means.
func words(i amazon.ListingIssue) string {
	about := i.Code
	if len(i.Attributes) > 0 {
		about = strings.Join(i.Attributes, ", ") + ", " + i.Code
	}
	return fmt.Sprintf("%s (%s).", strings.TrimSuffix(i.Message, "."), about)
}

// Find adopts what the listing shows already.
func (s *side) Find(ctx context.Context, m outbound.Message) ([]outbound.Found, error) {
	t, err := readTold(m)
	if err != nil {
		return nil, err
	}
	listing, err := s.listing(ctx, t.SKU, t.Marketplace)
	if err != nil || len(t.Attributes.missing(listing.Attributes, t.Marketplace)) > 0 {
		return nil, err
	}
	return []outbound.Found{{Key: t.SKU}}, nil
}

// Send replaces the attributes that the listing holds otherwise.
func (s *side) Send(ctx context.Context, m outbound.Message) (string, error) {
	t, err := readTold(m)
	if err != nil {
		return "", err
	}
	listing, err := s.listing(ctx, t.SKU, t.Marketplace)
	if err != nil {
		return "", err
	}
	change := t.Attributes.missing(listing.Attributes, t.Marketplace)
	if len(change) == 0 {
		return t.SKU, nil
	}
	answer, err := s.client.PatchListing(ctx, s.connection.SellerID, t.SKU, t.Marketplace, amazon.ListingPatch{ProductType: t.ProductType, Attributes: change}, false)
	if err != nil {
		return "", err
	}
	if answer.Status != amazon.SubmissionAccepted {
		return "", fault.New(fault.Invalid, "%s", refusal(severe(answer.Issues), answer.Status).Words)
	}
	return t.SKU, nil
}

// Read waits until the listing shows what Amazon accepted. What Amazon still
// does not show after a day, somebody must look at.
func (s *side) Read(ctx context.Context, m outbound.Message, key string) (outbound.Found, error) {
	t, err := readTold(m)
	if err != nil {
		return outbound.Found{}, err
	}
	listing, err := s.listing(ctx, t.SKU, t.Marketplace)
	if err != nil {
		return outbound.Found{}, err
	}
	missing := t.Attributes.missing(listing.Attributes, t.Marketplace)
	if len(missing) == 0 {
		return outbound.Found{Key: key}, nil
	}
	for _, i := range severe(listing.Issues) {
		if slices.ContainsFunc(i.Attributes, func(name string) bool { return missing[name] != nil }) {
			return outbound.Found{}, &outbound.Refusal{Words: words(i)}
		}
	}
	if m.SentAt != nil && s.clock.Now().Sub(*m.SentAt) > patience {
		return outbound.Found{}, &outbound.Refusal{Words: "Amazon accepted the change a day ago and does not show it: " + strings.Join(missing.names(), ", ") + "."}
	}
	return outbound.Found{}, &flow.Pause{Words: "Amazon has accepted the change and works on it.", Least: looks}
}

func (s *side) Outcome(err error) (outbound.Outcome, string) {
	said := fault.MessageOf(err)
	if amazon.Unsent(err) {
		return outbound.NotSent, said
	}
	switch fault.CodeOf(err) {
	case fault.Invalid, fault.Forbidden, fault.NotFound, fault.Conflict:
		return outbound.Refused, said
	}
	return outbound.Ambiguous, said
}
