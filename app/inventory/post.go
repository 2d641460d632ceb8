package inventory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tieout/app/amazon"
	"tieout/app/connection"
	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/outbound"
)

const kindQuantity = "amazon_quantity"

// Limits of a feed, below Amazon's.
const (
	mostMessages = 10_000
	longest      = 5 * time.Second // that the first message of a feed waits for others
)

// post gathers messages for one feed.
type post struct {
	messages []told
	begun    time.Time
	timer    *time.Timer
	left     chan struct{} // closed when the feed was handed in, or could not be
	feed     string
	err      error
}

// side is Amazon's listings as a target of the write protocol. A quantity is
// absolute: one whose answer was lost is sent again, and a newer one is not sent
// before it is settled.
type side struct {
	flow       *Flow
	client     *amazon.Client
	connection connection.Connection
}

func (s *side) CanLookUp() bool         { return true }
func (s *side) RefusesDuplicates() bool { return true }

// Find finds nothing: see side.
func (s *side) Find(context.Context, outbound.Message) ([]outbound.Found, error) { return nil, nil }

// Send puts a quantity into the next feed and waits until that has left. The key
// is the feed's and the message's in it.
func (s *side) Send(ctx context.Context, m outbound.Message) (string, error) {
	var t told
	if err := json.Unmarshal(m.Payload, &t); err != nil {
		return "", fmt.Errorf("read payload of %s: %w", m.Reference, err)
	}
	p, number := s.join(t)
	select {
	case <-ctx.Done():
		return "", fault.Wrap(context.Cause(ctx), fault.Unavailable, "Amazon did not take the feed in time.")
	case <-p.left:
	}
	var busy *amazon.BusyError
	if errors.As(p.err, &busy) { // Amazon allows few feeds
		return "", &flow.Pause{Words: p.err.Error() + ".", Least: busy.After}
	}
	if p.err != nil {
		return "", p.err
	}
	return p.feed + "/" + strconv.Itoa(number), nil
}

// join adds a message to the feed that gathers and returns its number there.
func (s *side) join(t told) (*post, int) {
	f := s.flow
	f.mu.Lock()
	defer f.mu.Unlock()
	p := f.posts[s.connection.ID]
	if p == nil {
		p = &post{begun: time.Now(), left: make(chan struct{})}
		p.timer = time.AfterFunc(f.linger, func() { s.leave(p) })
		f.posts[s.connection.ID] = p
	}
	p.messages = append(p.messages, t)
	switch {
	case len(p.messages) >= mostMessages:
		p.timer.Reset(0)
	case time.Since(p.begun) < longest:
		p.timer.Reset(f.linger)
	}
	return p, len(p.messages)
}

// leave hands a feed in.
func (s *side) leave(p *post) {
	f := s.flow
	f.mu.Lock()
	if f.posts[s.connection.ID] != p {
		f.mu.Unlock()
		return // it has left
	}
	delete(f.posts, s.connection.ID)
	f.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	p.feed, p.err = s.send(ctx, p.messages)
	close(p.left)
}

func (s *side) send(ctx context.Context, messages []told) (string, error) {
	body, err := feedOf(s.connection.SellerID, messages)
	if err != nil {
		return "", err
	}
	return s.client.SendFeed(ctx, amazon.ListingsFeed, s.connection.MarketplaceIDs, body)
}

// feedOf writes a feed. The values are merged: to replace them would wipe the
// handling time.
func feedOf(seller string, messages []told) ([]byte, error) {
	type value struct {
		Channel  string `json:"fulfillment_channel_code"`
		Quantity int    `json:"quantity"`
	}
	type patch struct {
		Op    string  `json:"op"`
		Path  string  `json:"path"`
		Value []value `json:"value"`
	}
	type message struct {
		ID          int     `json:"messageId"`
		SKU         string  `json:"sku"`
		Operation   string  `json:"operationType"`
		ProductType string  `json:"productType"`
		Patches     []patch `json:"patches"`
	}
	feed := struct {
		Header   map[string]string `json:"header"`
		Messages []message         `json:"messages"`
	}{Header: map[string]string{"sellerId": seller, "version": "2.0", "issueLocale": "en_US"}}
	for i, m := range messages {
		feed.Messages = append(feed.Messages, message{i + 1, m.SKU, "PATCH", "PRODUCT", []patch{{"merge", "/attributes/fulfillment_availability", []value{{amazon.MerchantChannel, m.Quantity}}}}})
	}
	raw, err := json.Marshal(feed)
	if err != nil {
		return nil, fmt.Errorf("write feed: %w", err)
	}
	return raw, nil
}

// looks is how long a feed is left alone between two looks at it.
const looks = 30 * time.Second

// Read asks how the feed is, and what Amazon says of the message when it is done.
// What Amazon holds then is the listing, whichever feed it was.
func (s *side) Read(ctx context.Context, m outbound.Message, key string) (outbound.Found, error) {
	var t told
	if err := json.Unmarshal(m.Payload, &t); err != nil {
		return outbound.Found{}, fmt.Errorf("read payload of %s: %w", m.Reference, err)
	}
	feed, text, _ := strings.Cut(key, "/")
	number, err := strconv.Atoi(text)
	if err != nil {
		return outbound.Found{}, fmt.Errorf("read key %q: %w", key, err)
	}
	r, err := s.flow.reportOf(ctx, s.client, s.connection.ID, feed)
	if err != nil {
		return outbound.Found{}, err
	}
	if words := r.refused(number); words != "" {
		return outbound.Found{}, &outbound.Refusal{Words: words}
	}
	return outbound.Found{Key: t.SKU}, nil
}

func (s *side) Outcome(err error) (outbound.Outcome, string) {
	words := fault.MessageOf(err)
	var pause *flow.Pause
	if errors.As(err, &pause) || amazon.Unsent(err) {
		return outbound.NotSent, words
	}
	switch fault.CodeOf(err) {
	case fault.Invalid, fault.Forbidden, fault.NotFound, fault.Conflict:
		return outbound.Refused, words
	}
	return outbound.Ambiguous, words
}
