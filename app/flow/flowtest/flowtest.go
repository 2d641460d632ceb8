// Package flowtest is a flow for tests: parcels that a source tells of and a
// shelf that keeps them, both in memory and both willing to misbehave.
package flowtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/exception"
	"tieout/app/expression"
	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/money"
	"tieout/app/outbound"
)

// Parcel is what the source tells of.
type Parcel struct {
	ID     string          `json:"id" expr:"id"`
	To     string          `json:"to" expr:"to"`
	Price  decimal.Decimal `json:"price" expr:"price"`
	Status string          `json:"status" expr:"status"`
	Things []Thing         `json:"things" expr:"things"`
}

// Thing is what stands in a parcel.
type Thing struct {
	Name  string `json:"name" expr:"name"`
	Units int    `json:"units" expr:"units"`
}

// line is the environment of formulas about a thing.
type line struct {
	Parcel Parcel `expr:"parcel"`
	Thing  Thing  `expr:"thing"`
}

// Parcels is a flow between a source and another side that both live in
// memory. Change its fields only while nothing runs, or under Mu.
type Parcels struct {
	Mu      sync.Mutex
	Listed  []flow.Arrival
	Known   map[string]bool     // names of things that can be delivered
	Held    map[string][]string // payloads by reference
	Sent    []string            // references, as they arrived
	Down    error               // the source or the other side does not answer
	Refuses string
	Lose    int // so many answers are lost after acceptance
	Drop    int // so many messages are lost on their way
	Meet    func(reference string)
	Accepts bool  // a second message with the same reference
	Answer  error // of Complete
}

func (p *Parcels) Definition() flow.Definition {
	return flow.Definition{Name: "parcels", Title: "Parcels", From: "Parcels", To: "Shelf", Every: time.Minute, Overlap: time.Minute, First: time.Hour,
		Fields: []flow.Field{
			{Name: "number", Type: expression.Text, Formula: `id`},
			{Name: "receiver", Type: expression.Text, Formula: `upper(to)`},
			{Name: "price", Type: expression.Number, Formula: `price * 2`},
			{List: "things", Name: "name", Type: expression.Text, Formula: `thing.name`},
			{List: "things", Name: "units", Type: expression.Integer, Formula: `thing.units`},
		},
		Checks: []flow.Check{
			{Name: "has a receiver", Formula: `trim(to) != ""`, Message: "Nobody is to receive it.", Severity: flow.Stops},
			{Name: "not dear", Formula: `price < 1000`, Message: "It is dear.", Severity: flow.Warns},
			{Name: "units", List: "things", Formula: `thing.units > 0`, Message: "No units.", Severity: flow.Stops},
		},
		Settings:     []flow.Setting{{Name: "boxes", Title: "Size of boxes", Choices: []flow.Choice{{Value: "small", Title: "Small"}, {Value: "large", Title: "Large"}}}},
		Environments: map[string]any{"": Parcel{}, "things": line{}},
	}
}

func (p *Parcels) Extract(ctx context.Context, _ int64, w flow.Window, take flow.Take) (time.Time, error) {
	p.Mu.Lock()
	listed, down := slices.Clone(p.Listed), p.Down
	p.Mu.Unlock()
	if down != nil {
		return time.Time{}, down
	}
	for page := range slices.Chunk(listed, 100) {
		raw, err := json.Marshal(page)
		if err != nil {
			return time.Time{}, err
		}
		if err := take(ctx, flow.Page{Kind: "parcels", Name: "list", ContentType: "application/json", Raw: raw, Arrivals: page}); err != nil {
			return time.Time{}, err
		}
	}
	return w.Until, nil
}

func (p *Parcels) Fetch(ctx context.Context, _ int64, key string, take flow.Take) error {
	p.Mu.Lock()
	defer p.Mu.Unlock()
	i := slices.IndexFunc(p.Listed, func(a flow.Arrival) bool { return a.Key == key })
	if i < 0 {
		return fault.New(fault.NotFound, "There is no parcel %s.", key)
	}
	return take(ctx, flow.Page{Kind: "parcels", Name: key, Raw: p.Listed[i].Content, Arrivals: p.Listed[i : i+1]})
}

func (p *Parcels) Read(content json.RawMessage) (flow.Source, error) {
	var c Parcel
	if err := json.Unmarshal(content, &c); err != nil {
		return flow.Source{}, fault.Wrap(err, fault.Invalid, "This is no parcel.")
	}
	s := flow.Source{Header: c, Lists: map[string][]any{}, Title: c.To, Amount: money.New(c.Price, "USD")}
	for _, t := range c.Things {
		s.Lists["things"] = append(s.Lists["things"], line{c, t})
	}
	switch c.Status {
	case "pending":
		s.Wait = "It is pending."
	case "cancelled":
		s.Skip = "Cancelled before it was sent."
	}
	return s, nil
}

func (p *Parcels) Complete(_ context.Context, r flow.Record, m flow.Mapped) (flow.Mapped, error) {
	p.Mu.Lock()
	defer p.Mu.Unlock()
	if p.Answer != nil {
		return m, p.Answer
	}
	for _, t := range m.Elements("things") {
		if !p.Known[t.Text("name")] {
			return m, &flow.Obstacle{Class: exception.UnknownSKU, Cause: t.Text("name"), Title: "Nobody knows " + t.Text("name"), Words: "line with " + t.Text("name")}
		}
	}
	return m, nil
}

func (p *Parcels) Message(r flow.Record, m flow.Mapped) (flow.Message, error) {
	payload, err := json.Marshal(m)
	if r.RemoteKey != "" {
		return flow.Message{Kind: "parcel_change", Target: "shelf", Reference: fmt.Sprintf("%s/%d", r.Key, r.Deliveries+1), Payload: payload}, err
	}
	return flow.Message{Kind: "parcel", Target: "shelf", Reference: r.Key, Payload: payload}, err
}

func (p *Parcels) Target(context.Context, flow.Record) (outbound.Target, error) { return shelf{p}, nil }

// shelf is the other side. It keeps its own number for a parcel through all
// changes of it.
type shelf struct{ *Parcels }

func number(m outbound.Message) string {
	key, _, _ := strings.Cut(m.Reference, "/")
	return "K-" + key
}

func (s shelf) Find(_ context.Context, m outbound.Message) ([]outbound.Found, error) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	if s.Down != nil {
		return nil, s.Down
	}
	var found []outbound.Found
	for _, held := range s.Held[m.Reference] {
		f := outbound.Found{Key: number(m)}
		if held != string(m.Payload) {
			f.Difference = "something else is there"
		}
		found = append(found, f)
	}
	return found, nil
}

func (s shelf) Send(_ context.Context, m outbound.Message) (string, error) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	if s.Meet != nil {
		s.Meet(m.Reference)
	}
	if s.Down != nil {
		return "", s.Down
	}
	if s.Refuses != "" {
		return "", errors.New(s.Refuses)
	}
	if s.Drop > 0 {
		s.Drop--
		return "", fault.New(fault.Unavailable, "The answer was lost.")
	}
	s.Held[m.Reference] = append(s.Held[m.Reference], string(m.Payload))
	s.Sent = append(s.Sent, m.Reference)
	if s.Lose > 0 {
		s.Lose--
		return "", fault.New(fault.Unavailable, "The answer was lost.")
	}
	return number(m), nil
}

func (s shelf) Read(ctx context.Context, m outbound.Message, _ string) (outbound.Found, error) {
	found, err := s.Find(ctx, m)
	if err != nil {
		return outbound.Found{}, err
	}
	return found[0], nil
}

func (s shelf) Outcome(err error) (outbound.Outcome, string) {
	if fault.Is(err, fault.Unavailable) {
		return outbound.Ambiguous, fault.MessageOf(err)
	}
	return outbound.Refused, err.Error()
}

func (s shelf) CanLookUp() bool         { return true }
func (s shelf) RefusesDuplicates() bool { return !s.Accepts }

// New returns parcels of which kettles can be delivered.
func New() *Parcels {
	return &Parcels{Known: map[string]bool{"kettle": true}, Held: map[string][]string{}}
}

// Tell lists a parcel at the source, changed at a time.
func (p *Parcels) Tell(t testing.TB, parcel Parcel, at time.Time) {
	t.Helper()
	content, err := json.Marshal(parcel)
	require.NoError(t, err)
	p.Mu.Lock()
	defer p.Mu.Unlock()
	p.Listed = append(p.Listed, flow.Arrival{Key: parcel.ID, At: at, Content: content})
}

// Box returns a parcel with one of each of some things.
func Box(id, to string, things ...string) Parcel {
	p := Parcel{ID: id, To: to, Price: decimal.RequireFromString("10.10")}
	for _, name := range things {
		p.Things = append(p.Things, Thing{name, 1})
	}
	return p
}
