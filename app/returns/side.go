package returns

import (
	"context"
	"encoding/json"
	"fmt"

	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/outbound"
	"tieout/app/p21"
)

const kindReturn = "return"

// Target implements flow.Flow.
func (f *Flow) Target(ctx context.Context, r flow.Record) (outbound.Target, error) {
	system, err := f.sides.P21(ctx, r.ConnectionID)
	if err != nil {
		return nil, err
	}
	features, err := system.Features(ctx)
	if err != nil {
		return nil, err
	}
	return &side{system, features}, nil
}

// side is P21's returns as a target of the write protocol.
type side struct {
	system   p21.System
	features p21.Features
}

func (s *side) CanLookUp() bool         { return s.features.Returns }
func (s *side) RefusesDuplicates() bool { return false }

func (s *side) Find(ctx context.Context, m outbound.Message) ([]outbound.Found, error) {
	want, err := returnIn(m)
	if err != nil {
		return nil, err
	}
	held, err := s.system.Returns(ctx, want.Reference)
	if err != nil {
		return nil, err
	}
	found := make([]outbound.Found, len(held))
	for i, h := range held {
		found[i] = outbound.Found{Key: h.Number, Difference: p21.ReturnDifference(want, h)}
	}
	return found, nil
}

func (s *side) Send(ctx context.Context, m outbound.Message) (string, error) {
	want, err := returnIn(m)
	if err != nil {
		return "", err
	}
	held, err := s.system.CreateReturn(ctx, want)
	return held.Number, err
}

func (s *side) Read(ctx context.Context, m outbound.Message, key string) (outbound.Found, error) {
	found, err := s.Find(ctx, m)
	if err != nil {
		return outbound.Found{}, err
	}
	for _, f := range found {
		if f.Key == key {
			return f, nil
		}
	}
	return outbound.Found{}, fault.New(fault.NotFound, "P21 has no return %s.", key)
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

func returnIn(m outbound.Message) (p21.Return, error) {
	var r p21.Return
	if err := json.Unmarshal(m.Payload, &r); err != nil {
		return r, fmt.Errorf("read payload of %s: %w", m.Reference, err)
	}
	return r, nil
}
