package catalog_test

import (
	"context"
	"iter"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/catalog"
	"tieout/app/clock"
	"tieout/app/database"
	"tieout/app/database/dbtest"
	"tieout/app/period"
)

const (
	us = "ATVPDKIKX0DER"
	ca = "A2EUQ1WTGCTBG2"
)

// world is a connection with items, and a person who maps.
type world struct {
	pool       *pgxpool.Pool
	service    *catalog.Service
	clock      *clock.Fixed
	connection int64
	olga       audit.Actor
	told       [][]string // what Changed was told
}

func newWorld(t testing.TB) *world {
	t.Helper()
	pool := dbtest.New(t)
	w := &world{pool: pool, clock: clock.NewFixed(time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC))}
	w.service = catalog.NewService(pool, w.clock, func(_ context.Context, _ *database.Tx, connection int64, skus []string) error {
		require.Equal(t, w.connection, connection)
		w.told = append(w.told, skus)
		return nil
	})
	w.connection = w.id(t, `INSERT INTO connection (name, amazon_region) VALUES ('acme', 'na') RETURNING id`)
	w.olga = audit.Actor{PersonID: w.id(t, `INSERT INTO person (issuer, subject, name, roles) VALUES ('test', 'olga', 'Olga', '{ops}') RETURNING id`), Name: "Olga"}
	_, err := w.service.UpsertItems(t.Context(), w.connection, every(
		item("MUG-01", "Stoneware mug", "12"), item("BOX-03", "Gift box", "3"), item("CARD", "Greeting card", "1"),
		catalog.Item{Code: "OLD-9", Description: "Discontinued", Active: false}))
	require.NoError(t, err)
	return w
}

func item(code, description, price string, identifiers ...string) catalog.Item {
	return catalog.Item{Code: code, Description: description, Unit: "EA", ListPrice: catalog.ShareOf(decimal.RequireFromString(price)), Currency: "USD", Active: true, Identifiers: identifiers}
}

func every[T any](values ...T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range values {
			if !yield(v, nil) {
				return
			}
		}
	}
}

func (w *world) id(t testing.TB, sql string, args ...any) int64 {
	t.Helper()
	var id int64
	require.NoError(t, w.pool.QueryRow(context.Background(), sql, args...).Scan(&id))
	return id
}

func day(text string) period.Date {
	d, err := period.ParseDate(text)
	if err != nil {
		panic(err)
	}
	return d
}

func (w *world) new(sku, from string, parts ...catalog.Part) catalog.New {
	return catalog.New{ConnectionID: w.connection, SKU: sku, From: day(from), Parts: parts}
}

func part(code string, quantity int) catalog.Part {
	return catalog.Part{Code: code, Quantity: quantity}
}

func shared(code string, quantity int, share string) catalog.Part {
	return catalog.Part{Code: code, Quantity: quantity, Share: catalog.ShareOf(decimal.RequireFromString(share))}
}

func (w *world) mapped(t testing.TB, n catalog.New) int64 {
	t.Helper()
	id, err := w.service.Map(t.Context(), w.olga, n)
	require.NoError(t, err)
	return id
}

func (w *world) resolve(t testing.TB, marketplace, sku, on string) string {
	t.Helper()
	m, found, err := catalog.Resolve(t.Context(), w.pool, w.connection, marketplace, sku, day(on))
	require.NoError(t, err)
	require.Equal(t, found, len(m.Parts) > 0)
	return m.Parts.String()
}
