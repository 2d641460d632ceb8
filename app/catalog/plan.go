package catalog

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tieout/app/period"
	"tieout/sqlc"
)

// Written is what a workbook says about SKU maps.
type Written struct {
	Maps     []WrittenMap
	Problems []CellProblem // what could not even be read
}

// WrittenMap is one map as it was written: without From it holds from today,
// without Parts the SKU is only named.
type WrittenMap struct {
	New
	Sheet string
	Cells map[string]string // field, as Validate names it -> cell
}

// CellProblem is a cell that cannot be used, with what to do.
type CellProblem struct {
	Sheet, Cell, Message string
}

// Action is what a step does.
type Action string

// The actions. Amended maps keep their parts: only their end or note changes.
const (
	Added    Action = "added"
	Replaced Action = "replaced"
	Ended    Action = "ended"
	Amended  Action = "amended"
)

// Step is one change that a workbook asks for.
type Step struct {
	Action Action
	Old    *Mapping // nil when added
	New    New      // when it ends or amends a map: that map as it will be
}

// Plan is what a workbook would change.
type Plan struct {
	Steps     []Step
	Unchanged int
	Problems  []CellProblem // when there are any, nothing is done
}

// Key tells two plans apart; a plan is carried out as it was previewed or not
// at all.
func (p Plan) Key() string {
	h := sha256.New()
	for _, s := range p.Steps {
		var id int64
		version := 0
		if s.Old != nil {
			id, version = s.Old.ID, s.Old.Version
		}
		fmt.Fprintf(h, "%s %d.%d %+v\n", s.Action, id, version, summaryOf(s.New))
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// Plan compares a workbook with the maps of a connection.
func (s *Service) Plan(ctx context.Context, connectionID int64, w Written) (Plan, error) {
	return plan(ctx, s.pool, connectionID, w, s.Today())
}

func plan(ctx context.Context, db sqlc.DBTX, connectionID int64, w Written, today period.Date) (Plan, error) {
	p := planner{connection: connectionID, today: today, present: map[place][]*span{}, plan: Plan{Problems: slices.Clone(w.Problems)}}
	if err := p.load(ctx, db, w); err != nil {
		return Plan{}, err
	}
	for _, m := range w.Maps {
		p.take(m)
	}
	p.overlaps()
	return p.plan, nil
}

// place is where maps must not overlap.
type place struct{ marketplace, sku string }

// span is the time of a map as it will be.
type span struct {
	from, to period.Date // to is exclusive; zero: open
	old      *Mapping
	written  *WrittenMap // nil: the workbook does not speak of it
}

func (a span) meets(b span) bool {
	open := period.Date{}
	void := (a.from == a.to) || (b.from == b.to)
	return !void && (b.to == open || a.from.Before(b.to)) && (a.to == open || b.from.Before(a.to))
}

// planner makes a plan row by row.
type planner struct {
	connection int64
	today      period.Date
	present    map[place][]*span
	items      map[string]Item
	plan       Plan
}

func (p *planner) load(ctx context.Context, db sqlc.DBTX, w Written) error {
	skus, codes := []string{}, []string{}
	for _, m := range w.Maps {
		skus = append(skus, m.SKU)
		for _, part := range m.Parts {
			codes = append(codes, part.Code)
		}
	}
	existing, err := mapsOf(ctx, db, sqlc.SKUMapsOfParams{ConnectionID: &p.connection, Skus: skus})
	if err != nil {
		return err
	}
	for _, m := range existing {
		if !m.Void() {
			at := place{m.Marketplace, m.SKU}
			p.present[at] = append(p.present[at], &span{from: m.From, to: m.To, old: &m})
		}
	}
	p.items, err = itemsByCode(ctx, db, p.connection, codes)
	return err
}

func (p *planner) wrong(m *WrittenMap, field, message string) {
	p.plan.Problems = append(p.plan.Problems, CellProblem{m.Sheet, m.Cells[field], message})
}

// take plans what one written map asks for.
func (p *planner) take(m WrittenMap) {
	m.ConnectionID = p.connection
	if m.From == (period.Date{}) {
		m.From = p.begin(m)
	}
	standing := p.standing(m)
	if len(m.Parts) == 0 {
		if standing != nil {
			p.wrong(&m, Field("code", 0), "The SKU is mapped. To end the map, leave its item and write a day under Valid to.")
		}
		return
	}
	if !p.valid(&m, standing) {
		return
	}
	switch {
	case standing == nil:
		p.add(Step{Action: Added, New: m.New}, &m)
	case standing.written != nil:
		p.wrong(&m, "from", "This map stands in the sheet already. Give this one another day.")
	case standing.old.Parts.Equal(m.Parts) && standing.old.From == m.From:
		p.amend(standing, &m)
	default:
		p.replace(standing, &m)
	}
}

// begin is where a map without a day begins: as the one in force, or today.
func (p *planner) begin(m WrittenMap) period.Date {
	for _, s := range p.present[place{m.Marketplace, m.SKU}] {
		if s.old != nil && s.old.In(p.today) && s.old.Parts.Equal(m.Parts) {
			return s.old.From
		}
	}
	return p.today
}

// standing is the map that holds on the day from which the written one does.
func (p *planner) standing(m WrittenMap) *span {
	for _, s := range p.present[place{m.Marketplace, m.SKU}] {
		if s.old != nil && s.old.In(m.From) {
			return s
		}
	}
	return nil
}

// valid says per cell what is wrong. Items of a map that stays as it is may be
// out of sale.
func (p *planner) valid(m *WrittenMap, standing *span) bool {
	wrong := m.Validate()
	if standing == nil || !standing.old.Parts.Equal(m.Parts) {
		for i, part := range m.Parts {
			if text := usable(p.items, part.Code); text != "" && wrong[Field("code", i)] == "" {
				wrong[Field("code", i)] = text
			}
		}
	}
	fields := make([]string, 0, len(wrong))
	for field := range wrong {
		fields = append(fields, field)
	}
	slices.Sort(fields)
	for _, field := range fields {
		p.wrong(m, field, wrong[field])
	}
	return len(wrong) == 0
}

func (p *planner) add(step Step, m *WrittenMap) {
	at := place{m.Marketplace, m.SKU}
	p.present[at] = append(p.present[at], &span{from: step.New.From, to: step.New.To, written: m})
	p.plan.Steps = append(p.plan.Steps, step)
}

func (p *planner) amend(s *span, m *WrittenMap) {
	s.written = m
	if s.old.To == m.To && s.old.Note == m.Note {
		p.plan.Unchanged++
		return
	}
	action := Amended
	if s.old.To != m.To && m.To != (period.Date{}) {
		action = Ended
	}
	s.to = m.To
	p.plan.Steps = append(p.plan.Steps, Step{Action: action, Old: s.old, New: m.New})
}

// replace ends a map and lets another follow. Parts that were changed in their
// row, without another day, change from today on: what was stays as it was.
func (p *planner) replace(s *span, m *WrittenMap) {
	if m.From == s.old.From && m.From.Before(p.today) {
		m.From = p.today
	}
	if !s.old.In(m.From) {
		p.wrong(m, Field("code", 0), "This map is over. Write a new row to map the SKU again.")
		return
	}
	if m.To != (period.Date{}) && m.To.Before(m.From) {
		p.wrong(m, "to", "The end lies before today, from which the change would hold.")
		return
	}
	s.written, s.to = m, m.From
	p.add(Step{Action: Replaced, Old: s.old, New: m.New}, m)
}

// overlaps finds written maps that would hold on the same day as another one.
func (p *planner) overlaps() {
	places := slices.SortedFunc(maps.Keys(p.present), func(a, b place) int {
		return cmp.Or(strings.Compare(a.sku, b.sku), strings.Compare(a.marketplace, b.marketplace))
	})
	for _, at := range places {
		spans := p.present[at]
		for i, a := range spans {
			for _, b := range spans[i+1:] {
				if !a.meets(*b) {
					continue
				}
				m := b.written
				if m == nil {
					m = a.written
				}
				if m != nil {
					p.wrong(m, "from", fmt.Sprintf("Another map of this SKU holds in these days: %s.", words(*a, *b, m)))
				}
			}
		}
	}
}

// words names the days of the other span.
func words(a, b span, m *WrittenMap) string {
	other := a
	if a.written == m {
		other = b
	}
	if other.to == (period.Date{}) {
		return "from " + other.from.String() + " on"
	}
	return "from " + other.from.String() + " to before " + other.to.String()
}
