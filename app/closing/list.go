package closing

import (
	"context"
	"fmt"
	"time"

	"tieout/app/period"
	"tieout/sqlc"
)

// Filter selects periods of a list.
type Filter struct {
	ConnectionID int64
	State        State // "": any
	PageSize     int
	After        Place
}

// Place is where a period stands in the list.
type Place struct {
	Starts     period.Date
	Connection int64
}

// Listed is a period in the list.
type Listed struct {
	Key                                Key
	Connection                         string
	Period                             period.Period
	ClosedInP21                        bool
	State                              State
	RequestedBy, DecidedBy, ReopenedBy string
	RequestedAt, DecidedAt, ReopenedAt time.Time
	OpenEntries, PostedEntries         int64
}

// Place of the period.
func (i Listed) Place() Place { return Place{i.Period.Starts, i.Key.ConnectionID} }

// List returns a page of the periods that have begun and reach into the time of
// which there are settlements, the newest first.
func (s *Service) List(ctx context.Context, f Filter) ([]Listed, error) {
	p := sqlc.ListPeriodClosesParams{ConnectionID: f.ConnectionID, State: string(f.State), Today: period.DateOf(s.clock.Now()).Time(), PageSize: int32(f.PageSize)}
	if f.After != (Place{}) {
		on := f.After.Starts.Time()
		p.AfterOn, p.AfterConnection = &on, f.After.Connection
	}
	rows, err := sqlc.New(s.pool).ListPeriodCloses(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("list periods: %w", err)
	}
	list := make([]Listed, len(rows))
	for i, r := range rows {
		list[i] = Listed{Key: Key{r.ConnectionID, int(r.FiscalYear), int(r.Number)}, Connection: r.ConnectionName, ClosedInP21: r.ClosedInP21, State: State(r.State),
			Period:      period.Period{FiscalYear: int(r.FiscalYear), Number: int(r.Number), Starts: period.DateOf(r.StartsOn), Ends: period.DateOf(r.EndsOn)},
			RequestedBy: r.RequestedName, DecidedBy: r.DecidedName, ReopenedBy: r.ReopenedName, OpenEntries: r.OpenEntries, PostedEntries: r.PostedEntries}
		if r.RequestedName != "" {
			list[i].RequestedAt = r.RequestedAt
		}
		if r.DecidedAt != nil {
			list[i].DecidedAt = *r.DecidedAt
		}
		if r.ReopenedAt != nil {
			list[i].ReopenedAt = *r.ReopenedAt
		}
	}
	return list, nil
}
