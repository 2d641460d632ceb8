package audit

import (
	"context"
	"fmt"

	"tieout/sqlc"
)

// Recorded is an event as the log holds it.
type Recorded = sqlc.SearchAuditRow

// Filter selects events; zero values select everything.
type Filter struct {
	ObjectType, ObjectID string
	Actor                string // part of a name
	Action               string
	BeforeSeq            int64 // keyset: the last event of the page before
	PageSize             int32
}

// Search returns a page of events, the newest first.
func Search(ctx context.Context, db sqlc.DBTX, f Filter) ([]Recorded, error) {
	events, err := sqlc.New(db).SearchAudit(ctx, sqlc.SearchAuditParams{ObjectType: f.ObjectType, ObjectID: f.ObjectID, Actor: f.Actor, Action: f.Action,
		BeforeSeq: f.BeforeSeq, PageSize: f.PageSize})
	if err != nil {
		return nil, fmt.Errorf("search audit log: %w", err)
	}
	return events, nil
}
