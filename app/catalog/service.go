package catalog

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/database"
	"tieout/app/fault"
	"tieout/app/period"
	"tieout/sqlc"
)

// objectType is what the audit log calls a map.
const objectType = "sku_map"

// Changed is told which SKUs of a connection have other maps now, within the
// transaction that changed them.
type Changed func(ctx context.Context, tx *database.Tx, connectionID int64, skus []string) error

// Service carries out what people do with SKU maps. Every change is one
// transaction with its audit event.
type Service struct {
	pool    *pgxpool.Pool
	clock   clock.Clock
	changed Changed
}

// NewService returns a service on the pool; changed may be nil.
func NewService(pool *pgxpool.Pool, c clock.Clock, changed Changed) *Service {
	if changed == nil {
		changed = func(context.Context, *database.Tx, int64, []string) error { return nil }
	}
	return &Service{pool, c, changed}
}

// Today is the day by which lists say what is mapped.
func (s *Service) Today() period.Date { return period.DateOf(s.clock.Now()) }

// Map makes a map and returns its id. Conflict when the SKU is mapped already
// in these days.
func (s *Service) Map(ctx context.Context, actor audit.Actor, n New) (id int64, err error) {
	err = s.change(ctx, n.ConnectionID, n.SKU, func(tx *database.Tx) ([]audit.Event, error) {
		var event audit.Event
		id, event, err = s.make(ctx, tx, actor, n)
		return []audit.Event{event}, err
	})
	return id, err
}

// End ends a map before a day; a map that begins then or later was never valid.
func (s *Service) End(ctx context.Context, actor audit.Actor, id int64, version int, before period.Date) error {
	found, err := sqlc.New(s.pool).LockSKUMap(ctx, id) // unlocked again at once: for its connection
	if err != nil {
		return missing(err)
	}
	return s.change(ctx, found.ConnectionID, found.Sku, func(tx *database.Tx) ([]audit.Event, error) {
		event, err := end(ctx, tx, actor, id, version, before)
		return []audit.Event{event}, err
	})
}

// Change ends a map on the day from which the new one holds. The new one keeps
// connection, marketplace and SKU, whatever n says of them.
func (s *Service) Change(ctx context.Context, actor audit.Actor, id int64, version int, n New) (newID int64, err error) {
	found, err := sqlc.New(s.pool).LockSKUMap(ctx, id)
	if err != nil {
		return 0, missing(err)
	}
	n.ConnectionID, n.Marketplace, n.SKU = found.ConnectionID, found.Marketplace, found.Sku
	err = s.change(ctx, n.ConnectionID, n.SKU, func(tx *database.Tx) ([]audit.Event, error) {
		if wrong := n.Validate(); len(wrong) > 0 {
			return nil, fault.InvalidFields(wrong)
		}
		ended, err := end(ctx, tx, actor, id, version, n.From)
		if err != nil {
			return nil, err
		}
		made := audit.Event{}
		newID, made, err = s.make(ctx, tx, actor, n)
		return []audit.Event{ended, made}, err
	})
	return newID, err
}

// change runs work on the maps of one SKU, tells who waits for it, and writes
// the audit events last.
func (s *Service) change(ctx context.Context, connectionID int64, sku string, work func(*database.Tx) ([]audit.Event, error)) error {
	err := database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		events, err := work(tx)
		if err != nil {
			return err
		}
		return s.finish(ctx, tx, connectionID, []string{sku}, events)
	})
	return translate(err)
}

// finish proves the maps whole before anybody is told of them.
func (s *Service) finish(ctx context.Context, tx *database.Tx, connectionID int64, skus []string, events []audit.Event) error {
	if _, err := tx.Exec(ctx, `SET CONSTRAINTS ALL IMMEDIATE`); err != nil {
		return fmt.Errorf("check SKU maps: %w", err)
	}
	if err := s.changed(ctx, tx, connectionID, skus); err != nil {
		return fmt.Errorf("release what waited for %d SKUs: %w", len(skus), err)
	}
	return audit.Write(ctx, tx, events...)
}

// make writes a map whose SKU is free in its days.
func (s *Service) make(ctx context.Context, tx *database.Tx, actor audit.Actor, n New) (int64, audit.Event, error) {
	if wrong := n.Validate(); len(wrong) > 0 {
		return 0, audit.Event{}, fault.InvalidFields(wrong)
	}
	if err := known(ctx, tx, n); err != nil {
		return 0, audit.Event{}, err
	}
	id, err := insert(ctx, tx, actor, n)
	if err != nil {
		return 0, audit.Event{}, err
	}
	return id, audit.Event{Actor: actor, Action: "mapped", ObjectType: objectType, ObjectID: id, ConnectionID: n.ConnectionID, After: summaryOf(n), At: tx.Now}, nil
}

// known refuses items that P21 does not have or no longer sells.
func known(ctx context.Context, db sqlc.DBTX, n New) error {
	codes := make([]string, len(n.Parts))
	for i, part := range n.Parts {
		codes[i] = part.Code
	}
	items, err := itemsByCode(ctx, db, n.ConnectionID, codes)
	if err != nil {
		return err
	}
	wrong := map[string]string{}
	for i, code := range codes {
		if text := usable(items, code); text != "" {
			wrong[Field("code", i)] = text
		}
	}
	if len(wrong) > 0 {
		return fault.InvalidFields(wrong)
	}
	return nil
}

// usable says why a code cannot be mapped to, "" when it can.
func usable(items map[string]Item, code string) string {
	item, ok := items[code]
	switch {
	case !ok:
		return fmt.Sprintf("P21 has no item %q.", code)
	case !item.Active:
		return fmt.Sprintf("P21 no longer sells %s.", code)
	}
	return ""
}

func insert(ctx context.Context, tx *database.Tx, actor audit.Actor, n New) (int64, error) {
	q := sqlc.New(tx)
	stem, _ := Stem(n.SKU)
	id, err := q.InsertSKUMap(ctx, sqlc.InsertSKUMapParams{ConnectionID: n.ConnectionID, Marketplace: n.Marketplace, Sku: n.SKU, Stem: stem, ValidFrom: n.From.Time(),
		ValidTo: timeOf(n.To), Parts: int16(len(n.Parts)), Note: n.Note, MadeBy: database.Key(actor.PersonID), MadeAt: tx.Now})
	if err != nil {
		return 0, fmt.Errorf("map %s: %w", n.SKU, err)
	}
	for i, part := range n.Parts {
		err := q.InsertSKUMapPart(ctx, sqlc.InsertSKUMapPartParams{SkuMapID: id, ConnectionID: n.ConnectionID, Position: int16(i + 1), ItemCode: part.Code,
			Quantity: int32(part.Quantity), Share: part.Share})
		if err != nil {
			return 0, fmt.Errorf("map %s to %s: %w", n.SKU, part.Code, err)
		}
	}
	return id, nil
}

// end ends a map that is still as the caller saw it.
func end(ctx context.Context, tx *database.Tx, actor audit.Actor, id int64, version int, before period.Date) (audit.Event, error) {
	q := sqlc.New(tx)
	old, err := q.LockSKUMap(ctx, id)
	if err != nil {
		return audit.Event{}, missing(err)
	}
	if int(old.Version) != version {
		return audit.Event{}, fault.New(fault.Conflict, "This map changed while you looked at it. Read it again.")
	}
	if before == (period.Date{}) {
		return audit.Event{}, fault.InvalidFields(map[string]string{"to": "Say before which day."})
	}
	if before.Before(period.DateOf(old.ValidFrom)) {
		before = period.DateOf(old.ValidFrom)
	}
	changed, err := q.EndSKUMap(ctx, sqlc.EndSKUMapParams{ID: id, Version: old.Version, ValidTo: timeOf(before), Note: old.Note})
	if err != nil {
		return audit.Event{}, fmt.Errorf("end map %d: %w", id, err)
	}
	if changed == 0 {
		return audit.Event{}, fault.New(fault.Conflict, "This map changed while you looked at it. Read it again.")
	}
	return audit.Event{Actor: actor, Action: "ended", ObjectType: objectType, ObjectID: id, ConnectionID: old.ConnectionID,
		Before: map[string]any{"to": old.ValidTo}, After: map[string]any{"to": before.String(), "sku": old.Sku}, At: tx.Now}, nil
}

func missing(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.New(fault.NotFound, "This map does not exist.")
	}
	return fmt.Errorf("read SKU map: %w", err)
}

// translate says what an overlap is.
func translate(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.ConstraintName == "sku_map_overlap" {
		return fault.Wrap(err, fault.Conflict, "The SKU is mapped already in some of these days. Change that map, or end it first.")
	}
	return database.Translate(err)
}

// summary is what the audit log keeps of a map.
type summary struct {
	SKU         string        `json:"sku"`
	Marketplace string        `json:"marketplace,omitempty"`
	From        string        `json:"from"`
	To          string        `json:"to,omitempty"`
	Parts       []summaryPart `json:"parts"`
	Note        string        `json:"note,omitempty"`
}

type summaryPart struct {
	Code     string `json:"code"`
	Quantity int    `json:"quantity"`
	Share    string `json:"share,omitempty"`
}

func summaryOf(n New) summary {
	s := summary{SKU: n.SKU, Marketplace: n.Marketplace, From: n.From.String(), Note: n.Note}
	if n.To != (period.Date{}) {
		s.To = n.To.String()
	}
	for _, part := range n.Parts {
		p := summaryPart{Code: part.Code, Quantity: part.Quantity}
		if part.Share.Valid {
			p.Share = part.Share.Decimal.String()
		}
		s.Parts = append(s.Parts, p)
	}
	return s
}
