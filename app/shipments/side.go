package shipments

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"tieout/app/amazon"
	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/outbound"
)

const kindParcel = "amazon_parcel"

// parcel is what Amazon is told.
type parcel struct {
	Order    string          `json:"order"`
	Shipment amazon.Shipment `json:"shipment"`
}

// side is Amazon's orders as a target of the write protocol. The newer version
// of the Orders API is asked, because only it tells of parcels.
type side struct{ client *amazon.Client }

func (s *side) CanLookUp() bool { return true }

// RefusesDuplicates holds because a parcel that is confirmed again under its
// reference replaces itself.
func (s *side) RefusesDuplicates() bool { return true }

func (s *side) Find(ctx context.Context, m outbound.Message) ([]outbound.Found, error) {
	want, err := parcelIn(m)
	if err != nil {
		return nil, err
	}
	held, there, err := s.held(ctx, want)
	if err != nil || !there || difference(want.Shipment, held) != "" {
		return nil, err // what differs is told anew
	}
	return []outbound.Found{{Key: key(want)}}, nil
}

// held returns Amazon's parcel of the same reference.
func (s *side) held(ctx context.Context, want parcel) (amazon.OrderPackage, bool, error) {
	_, order, err := s.client.Orders2026().Order(ctx, want.Order, []amazon.Include{amazon.IncludeFulfillment, amazon.IncludePackages})
	if err != nil {
		return amazon.OrderPackage{}, false, fmt.Errorf("read order %s: %w", want.Order, err)
	}
	i := slices.IndexFunc(order.Packages, func(p amazon.OrderPackage) bool { return p.Reference == want.Shipment.Reference })
	if i < 0 {
		return amazon.OrderPackage{}, false, nil
	}
	return order.Packages[i], true, nil
}

// difference says in words what Amazon holds otherwise; carriers do not count,
// because Amazon writes their names its own way.
func difference(want amazon.Shipment, held amazon.OrderPackage) string {
	switch {
	case held.Tracking != want.Tracking:
		return fmt.Sprintf("the tracking number is %s, not %s", held.Tracking, want.Tracking)
	case !sameItems(want.Items, held.Items):
		return "the parcel has other contents"
	}
	return ""
}

func key(p parcel) string { return p.Order + "/" + p.Shipment.Reference }

func (s *side) Send(ctx context.Context, m outbound.Message) (string, error) {
	want, err := parcelIn(m)
	if err != nil {
		return "", err
	}
	return key(want), s.client.ConfirmShipment(ctx, want.Order, want.Shipment)
}

// shows is when Amazon is asked again whether it shows a parcel.
const shows = 2 * time.Minute

func (s *side) Read(ctx context.Context, m outbound.Message, key string) (outbound.Found, error) {
	want, err := parcelIn(m)
	if err != nil {
		return outbound.Found{}, err
	}
	held, there, err := s.held(ctx, want)
	if err != nil {
		return outbound.Found{}, err
	}
	if !there || difference(want.Shipment, held) != "" {
		return outbound.Found{}, &flow.Pause{Words: "Amazon has taken the parcel and does not show it yet.", Least: shows}
	}
	return outbound.Found{Key: key}, nil
}

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

func parcelIn(m outbound.Message) (parcel, error) {
	var p parcel
	if err := json.Unmarshal(m.Payload, &p); err != nil {
		return p, fmt.Errorf("read payload of %s: %w", m.Reference, err)
	}
	return p, nil
}
