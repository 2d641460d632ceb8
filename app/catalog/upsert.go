package catalog

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"tieout/app/database"
	"tieout/app/fault"
)

// Upserted counts what a reading brought.
type Upserted struct {
	Seen    int64
	Changed int64 // new ones too
}

// UpsertItems stores the items that a reading of P21 brought. They stream: a
// reading of any size takes the same memory. Unchanged items are not written,
// except that a sighting is noted once a day.
func (s *Service) UpsertItems(ctx context.Context, connectionID int64, items iter.Seq2[Item, error]) (Upserted, error) {
	columns := []string{"position", "code", "description", "extended", "unit", "list_price", "currency", "unit_cost", "active", "identifiers"}
	return upsert(ctx, s, connectionID, items, reading[Item]{
		table:   `CREATE TEMP TABLE item_reading (position bigint, code text, description text, extended text, unit text, list_price numeric, currency text, unit_cost numeric, active boolean, identifiers text[]) ON COMMIT DROP`,
		name:    "item_reading",
		columns: columns,
		row: func(at int64, i Item) ([]any, error) {
			if strings.TrimSpace(i.Code) == "" {
				return nil, fault.New(fault.Invalid, "An item of P21 has no code (%q).", i.Description)
			}
			return []any{at, strings.TrimSpace(i.Code), i.Description, i.Extended, i.Unit, numeric(i.ListPrice), string(i.Currency), numeric(i.UnitCost), i.Active, texts(i.Identifiers)}, nil
		},
		merge: mergeItems,
	})
}

// UpsertListings is UpsertItems for what Amazon shows.
func (s *Service) UpsertListings(ctx context.Context, connectionID int64, listings iter.Seq2[Listing, error]) (Upserted, error) {
	columns := []string{"position", "marketplace", "sku", "asin", "fnsku", "title", "identifiers", "channel", "status"}
	return upsert(ctx, s, connectionID, listings, reading[Listing]{
		table:   `CREATE TEMP TABLE listing_reading (position bigint, marketplace text, sku text, asin text, fnsku text, title text, identifiers text[], channel text, status text) ON COMMIT DROP`,
		name:    "listing_reading",
		columns: columns,
		row: func(at int64, l Listing) ([]any, error) {
			if strings.TrimSpace(l.SKU) == "" || l.Marketplace == "" {
				return nil, fault.New(fault.Invalid, "A listing has no SKU or no marketplace (%q).", l.Title)
			}
			return []any{at, l.Marketplace, strings.TrimSpace(l.SKU), l.ASIN, l.FNSKU, l.Title, texts(l.Identifiers), string(l.Channel), l.Status}, nil
		},
		merge: mergeListings,
	})
}

// reading says how rows of one sort go into their table by way of a temporary
// one.
type reading[T any] struct {
	table, name string
	columns     []string
	row         func(at int64, value T) ([]any, error)
	merge       string
}

func upsert[T any](ctx context.Context, s *Service, connectionID int64, values iter.Seq2[T, error], r reading[T]) (Upserted, error) {
	var done Upserted
	err := database.Once(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		if _, err := tx.Exec(ctx, r.table); err != nil {
			return fmt.Errorf("make %s: %w", r.name, err)
		}
		next, stop := iter.Pull2(values)
		defer stop()
		var broken error // PostgreSQL only hears that the copy ended early
		source := pgx.CopyFromFunc(func() (row []any, err error) {
			value, err, more := next()
			if err != nil || !more {
				broken = err
				return nil, err
			}
			done.Seen++
			row, broken = r.row(done.Seen, value)
			return row, broken
		})
		_, err := tx.CopyFrom(ctx, pgx.Identifier{r.name}, r.columns, source)
		if err = cmp.Or(broken, err); err != nil {
			return fmt.Errorf("copy into %s: %w", r.name, err)
		}
		if err := tx.QueryRow(ctx, r.merge, connectionID, tx.Now).Scan(&done.Changed); err != nil {
			return fmt.Errorf("merge %s: %w", r.name, err)
		}
		return nil
	})
	if err != nil {
		return Upserted{}, database.Translate(err)
	}
	return done, nil
}

// Of a code that came twice, the later row counts.
const mergeItems = `
WITH written AS (
    INSERT INTO item AS i (connection_id, code, description, extended, unit, list_price, currency, unit_cost, active, identifiers, changed_at, seen_at)
    SELECT DISTINCT ON (r.code) $1, r.code, r.description, r.extended, r.unit, r.list_price, r.currency, r.unit_cost, r.active, r.identifiers, $2::timestamptz, $2::timestamptz
    FROM item_reading r ORDER BY r.code, r.position DESC
    ON CONFLICT (connection_id, code) DO UPDATE
    SET description = excluded.description, extended = excluded.extended, unit = excluded.unit, list_price = excluded.list_price, currency = excluded.currency,
        unit_cost = excluded.unit_cost, active = excluded.active, identifiers = excluded.identifiers, seen_at = excluded.seen_at,
        changed_at = CASE WHEN (i.description, i.extended, i.unit, i.list_price, i.currency, i.unit_cost, i.active, i.identifiers)
            IS DISTINCT FROM (excluded.description, excluded.extended, excluded.unit, excluded.list_price, excluded.currency, excluded.unit_cost, excluded.active, excluded.identifiers)
            THEN excluded.changed_at ELSE i.changed_at END
    WHERE (i.description, i.extended, i.unit, i.list_price, i.currency, i.unit_cost, i.active, i.identifiers)
        IS DISTINCT FROM (excluded.description, excluded.extended, excluded.unit, excluded.list_price, excluded.currency, excluded.unit_cost, excluded.active, excluded.identifiers)
        OR i.seen_at < excluded.seen_at - interval '1 day'
    RETURNING i.changed_at
)
SELECT count(*) FROM written WHERE changed_at = $2`

const mergeListings = `
WITH written AS (
    INSERT INTO listing AS l (connection_id, marketplace, sku, asin, fnsku, title, identifiers, channel, status, changed_at, seen_at)
    SELECT DISTINCT ON (r.sku, r.marketplace) $1, r.marketplace, r.sku, r.asin, r.fnsku, r.title, r.identifiers, r.channel, r.status, $2::timestamptz, $2::timestamptz
    FROM listing_reading r ORDER BY r.sku, r.marketplace, r.position DESC
    ON CONFLICT (sku, marketplace, connection_id) DO UPDATE
    SET asin = excluded.asin, fnsku = excluded.fnsku, title = excluded.title, identifiers = excluded.identifiers, channel = excluded.channel,
        status = excluded.status, seen_at = excluded.seen_at,
        changed_at = CASE WHEN (l.asin, l.fnsku, l.title, l.identifiers, l.channel, l.status)
            IS DISTINCT FROM (excluded.asin, excluded.fnsku, excluded.title, excluded.identifiers, excluded.channel, excluded.status)
            THEN excluded.changed_at ELSE l.changed_at END
    WHERE (l.asin, l.fnsku, l.title, l.identifiers, l.channel, l.status)
        IS DISTINCT FROM (excluded.asin, excluded.fnsku, excluded.title, excluded.identifiers, excluded.channel, excluded.status)
        OR l.seen_at < excluded.seen_at - interval '1 day'
    RETURNING l.changed_at
)
SELECT count(*) FROM written WHERE changed_at = $2`

// numeric is a value that COPY takes.
func numeric(d decimal.NullDecimal) any {
	if !d.Valid {
		return nil
	}
	return d.Decimal.String()
}

func texts(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
