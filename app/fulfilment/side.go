package fulfilment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tieout/app/amazon"
	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/outbound"
)

// Kinds of messages to Amazon.
const (
	kindRequest = "fulfilment_request"
	kindCancel  = "fulfilment_cancel"
	kindRelease = "fulfilment_release"
)

// Message implements flow.Flow. An order is asked for once; later ones take its
// hold off or cancel it.
func (f *Flow) Message(r flow.Record, m flow.Mapped) (flow.Message, error) {
	request, err := requestOf(m)
	if err != nil {
		return flow.Message{}, err
	}
	kind, reference := kindRequest, request.ID
	if r.RemoteKey != "" {
		request.ShipTo = amazon.FulfillmentAddress{} // Amazon has it
	}
	switch {
	case r.RemoteKey == "":
	case m.Header["cancelled"] == true:
		kind, reference = kindCancel, request.ID+"/cancel"
	default:
		kind, reference = kindRelease, request.ID+"/release"
	}
	payload, err := json.Marshal(request)
	if err != nil {
		return flow.Message{}, fmt.Errorf("write request %s: %w", request.ID, err)
	}
	return flow.Message{Kind: kind, Target: m.Text("seller"), Reference: reference, Payload: payload}, nil
}

// Target implements flow.Flow.
func (f *Flow) Target(ctx context.Context, r flow.Record) (outbound.Target, error) {
	client, err := f.sides.Fulfillments(ctx, r.ConnectionID)
	if err != nil {
		return nil, err
	}
	return &side{client}, nil
}

// side is Amazon's fulfilment as a target of the write protocol.
type side struct{ client amazon.Fulfillments }

func (s *side) CanLookUp() bool { return true }

// RefusesDuplicates holds because Amazon keeps one order per id of the seller.
func (s *side) RefusesDuplicates() bool { return true }

func (s *side) Find(ctx context.Context, m outbound.Message) ([]outbound.Found, error) {
	want, err := requestIn(m)
	if err != nil {
		return nil, err
	}
	held, err := s.client.Get(ctx, want.ID)
	if fault.Is(err, fault.NotFound) && m.Kind == kindRequest {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if m.Kind != kindRequest && !done(m.Kind, held) {
		return nil, nil
	}
	return []outbound.Found{found(m.Kind, want, held)}, nil
}

// done reports whether what a later message asks for is so.
func done(kind string, held amazon.Fulfillment) bool {
	if kind == kindRelease {
		return !held.Held
	}
	return held.Status == amazon.FulfillmentCancelled
}

func found(kind string, want amazon.FulfillmentRequest, held amazon.Fulfillment) outbound.Found {
	f := outbound.Found{Key: held.ID}
	switch {
	case kind == kindRequest:
		f.Difference = difference(want, held)
	case kind == kindCancel && !done(kind, held):
		f.Difference = "Amazon did not cancel it, it is " + strings.ToLower(string(held.Status))
	}
	return f
}

// difference says in words what Amazon holds otherwise than asked for.
func difference(want amazon.FulfillmentRequest, held amazon.Fulfillment) string {
	if len(want.Items) != len(held.Items) {
		return fmt.Sprintf("it has %d lines, not %d", len(held.Items), len(want.Items))
	}
	for _, w := range want.Items {
		i := slices.IndexFunc(held.Items, func(h amazon.FulfillmentItem) bool { return h.ID == w.ID })
		if i < 0 || held.Items[i].SKU != w.SKU || held.Items[i].Quantity != w.Quantity {
			return fmt.Sprintf("line %s (%d of %s) is not there", w.ID, w.Quantity, w.SKU)
		}
	}
	return ""
}

func (s *side) Send(ctx context.Context, m outbound.Message) (string, error) {
	want, err := requestIn(m)
	if err != nil {
		return "", err
	}
	switch m.Kind {
	case kindCancel:
		err = s.cancel(ctx, want.ID)
	case kindRelease:
		err = s.client.Release(ctx, want.ID)
	default:
		err = s.create(ctx, want)
	}
	return want.ID, err
}

// create asks for an order. How Amazon refuses an id that is there already is
// not documented, so every refusal is looked at: the request may have been sent
// before and its answer lost.
func (s *side) create(ctx context.Context, want amazon.FulfillmentRequest) error {
	err := s.client.Create(ctx, want)
	if !fault.Is(err, fault.Invalid) {
		return err
	}
	if _, there := s.client.Get(ctx, want.ID); there == nil {
		return nil
	}
	return err
}

// errLate: Amazon ships what it was asked not to.
var errLate = errors.New("it was too late to cancel")

// cancel asks Amazon not to ship. A refusal is told apart from an answer that was
// lost by looking at the order.
func (s *side) cancel(ctx context.Context, id string) error {
	err := s.client.Cancel(ctx, id)
	if !fault.Is(err, fault.Invalid) {
		return err
	}
	held, unread := s.client.Get(ctx, id)
	switch {
	case unread == nil && held.Status == amazon.FulfillmentCancelled:
		return nil
	case unread == nil && held.Status != amazon.FulfillmentInvalid:
		return fault.Wrap(errLate, fault.Invalid, "It was too late to cancel: Amazon is packing or has sent it. Receive it back, or ignore this. (%s)", fault.MessageOf(err))
	}
	return err
}

func (s *side) Read(ctx context.Context, m outbound.Message, key string) (outbound.Found, error) {
	want, err := requestIn(m)
	if err != nil {
		return outbound.Found{}, err
	}
	held, err := s.client.Get(ctx, key)
	switch {
	case fault.Is(err, fault.NotFound): // accepted, and not yet entered
		return outbound.Found{}, &flow.Pause{Words: "Amazon has taken the order and does not show it yet.", Least: soon}
	case err != nil:
		return outbound.Found{}, err
	case m.Kind != kindRequest && !done(m.Kind, held) && held.Status == amazon.FulfillmentProcessing:
		return outbound.Found{}, &flow.Pause{Words: "Amazon has been told and has not done it yet.", Least: soon}
	}
	return found(m.Kind, want, held), nil
}

// soon is when Amazon is asked again whether it has done what it was told.
const soon = time.Minute

func (s *side) Outcome(err error) (outbound.Outcome, string) {
	words := fault.MessageOf(err)
	if amazon.Unsent(err) {
		return outbound.NotSent, words
	}
	switch fault.CodeOf(err) {
	case fault.Invalid, fault.Forbidden, fault.NotFound, fault.Conflict:
		return outbound.Refused, words
	}
	return outbound.Ambiguous, words
}

func requestIn(m outbound.Message) (amazon.FulfillmentRequest, error) {
	var r amazon.FulfillmentRequest
	if err := json.Unmarshal(m.Payload, &r); err != nil {
		return r, fmt.Errorf("read payload of %s: %w", m.Reference, err)
	}
	return r, nil
}
