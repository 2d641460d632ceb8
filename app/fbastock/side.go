package fbastock

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/shopspring/decimal"

	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/outbound"
	"tieout/app/p21"
)

const kindAdjustment = "stock_adjustment"

// adjustment is what P21 is told, and what was on hand before.
type adjustment struct {
	p21.Adjustment
	Before decimal.Decimal
}

// Target implements flow.Flow.
func (f *Flow) Target(ctx context.Context, r flow.Record) (outbound.Target, error) {
	system, err := f.sides.P21(ctx, r.ConnectionID)
	if err != nil {
		return nil, err
	}
	return &side{system}, nil
}

// side is P21's stock as a target of the write protocol. P21 cannot be asked for
// adjustments, but what is on hand says whether one has arrived.
type side struct{ system p21.System }

func (s *side) CanLookUp() bool { return true }

// RefusesDuplicates holds because a location that has as much on hand as before
// has not taken the adjustment.
func (s *side) RefusesDuplicates() bool { return true }

// Find implements outbound.Target. Before it was ever sent nothing can be there.
func (s *side) Find(ctx context.Context, m outbound.Message) ([]outbound.Found, error) {
	if m.State == outbound.Intended {
		return nil, nil
	}
	want, err := adjustmentIn(m)
	if err != nil {
		return nil, err
	}
	has, err := s.onHand(ctx, want)
	if err != nil {
		return nil, err
	}
	after := want.Before.Add(want.Delta)
	switch {
	case has.Equal(want.Before):
		return nil, nil
	case has.Equal(after):
		return []outbound.Found{{Key: want.Item}}, nil
	}
	return []outbound.Found{{Key: want.Item, Difference: fmt.Sprintf("location %s had %s on hand and has %s now, not %s: look into P21's adjustments of %s, then ignore this; what is left over is the next difference",
		want.Location, want.Before, has, after, want.Item)}}, nil
}

func (s *side) onHand(ctx context.Context, a adjustment) (decimal.Decimal, error) {
	held, err := s.system.StockOf(ctx, a.Item)
	if err != nil {
		return decimal.Zero, err
	}
	for _, h := range held {
		if h.Location == a.Location {
			return h.OnHand, nil
		}
	}
	return decimal.Zero, fault.New(fault.NotFound, "P21 does not stock %s at location %s any more.", a.Item, a.Location)
}

func (s *side) Send(ctx context.Context, m outbound.Message) (string, error) {
	want, err := adjustmentIn(m)
	if err != nil {
		return "", err
	}
	_, err = s.system.AdjustStock(ctx, want.Adjustment)
	return want.Item, err
}

// Read implements outbound.Target: P21 answered with what it has now, and other
// movements may have followed.
func (s *side) Read(_ context.Context, _ outbound.Message, key string) (outbound.Found, error) {
	return outbound.Found{Key: key}, nil
}

func (s *side) Outcome(err error) (outbound.Outcome, string) {
	words := fault.MessageOf(err)
	switch p21.OutcomeOf(err) {
	case p21.Refused:
		return outbound.Refused, words
	case p21.NotSent:
		return outbound.NotSent, words
	}
	return outbound.Ambiguous, words
}

func adjustmentIn(m outbound.Message) (adjustment, error) {
	var a adjustment
	if err := json.Unmarshal(m.Payload, &a); err != nil {
		return a, fmt.Errorf("read payload of %s: %w", m.Reference, err)
	}
	return a, nil
}
