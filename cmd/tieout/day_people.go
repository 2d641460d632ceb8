package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"tieout/app/amazon"
	p21stand "tieout/cmd/sandbox/p21"
)

// cause is an open exception of a flow.
type cause struct {
	id           int64
	class, cause string
}

// clear removes every cause that stands in the queue, through its page: an
// unknown SKU is mapped, anything else is tried again.
func (p *clerk) clear(ctx context.Context, w *dayWorld) error {
	rows, err := w.pool.Query(ctx, `SELECT id, class, cause FROM exception WHERE flow <> '' AND state = 'open' ORDER BY id`)
	if err != nil {
		return fmt.Errorf("read the queue: %w", err)
	}
	queue, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c cause, err error) { return c, row.Scan(&c.id, &c.class, &c.cause) })
	if err != nil {
		return fmt.Errorf("read the queue: %w", err)
	}
	for _, c := range queue {
		address := fmt.Sprintf("%s/exceptions/%d", p.base, c.id)
		if _, err := p.ask(ctx, http.MethodGet, address, nil); err != nil {
			return err
		}
		if err := p.settle(ctx, address, c); err != nil {
			return err
		}
	}
	return nil
}

// settle does with one cause what a person would.
func (p *clerk) settle(ctx context.Context, address string, c cause) (err error) {
	switch c.class {
	case "unknown_sku":
		_, err = p.ask(ctx, http.MethodPost, address+"/map", url.Values{"code": {itemOf(c.cause)}, "quantity": {"1"}})
	case "delivery_unknown":
		_, err = p.ask(ctx, http.MethodPost, address+"/send", url.Values{"reason": {"Looked under the reference, it is not there."}})
	default:
		_, err = p.ask(ctx, http.MethodPost, address+"/retry", nil)
	}
	return err
}

// itemOf is the item that a person knows an SKU to stand for.
func itemOf(sku string) string {
	if old, ok := strings.CutPrefix(sku, "NEW-"); ok {
		sku = old[:strings.LastIndex(old, "-")]
	}
	return p21stand.ProductCode(sku)
}

// settle has people clear the queue until nothing is on its way or waits for
// them any more, and the sources have been read to the end of the day.
func (w *dayWorld) settle(ctx context.Context, person *clerk) error {
	begun, over, said := time.Now(), time.Now().UTC(), time.Now()
	for {
		if err := person.clear(ctx, w); err != nil {
			return err
		}
		shipped, err := w.warehouse.work()
		if err != nil {
			return err
		}
		if shipped > 0 {
			over = time.Now().UTC()
		}
		// What is put off for minutes or hours is put off for seconds: the day is fast.
		if _, err := w.pool.Exec(ctx, `UPDATE flow_record SET retry_at = now() + interval '5 seconds' WHERE retry_at > now() + interval '5 seconds'`); err != nil {
			return fmt.Errorf("let time pass: %w", err)
		}
		var done bool
		err = w.pool.QueryRow(ctx, `SELECT NOT EXISTS (SELECT FROM flow_record WHERE state NOT IN ('delivered', 'ignored') AND (waits = '' OR flow = 'fulfilment_tracking'))
			AND NOT EXISTS (SELECT FROM exception WHERE flow <> '' AND state = 'open') 
			AND NOT EXISTS (SELECT FROM flow_hint h JOIN flow f ON f.connection_id = h.connection_id AND f.name = h.flow WHERE f.paused_at IS NULL)
			AND NOT EXISTS (SELECT FROM flow f WHERE f.paused_at IS NULL AND f.name = 'returns' AND (f.read_until IS NULL OR f.read_until < $2)) -- its report comes later
			AND NOT EXISTS (SELECT FROM flow f WHERE f.paused_at IS NULL AND NOT EXISTS (
				SELECT FROM flow_run r WHERE r.connection_id = f.connection_id AND r.flow = f.name AND r.state = 'done' AND r.started_at > $1))`, over, w.warehouse.cameBack).Scan(&done)
		if err != nil {
			return fmt.Errorf("look whether all has arrived: %w", err)
		}
		if done {
			return nil
		}
		if time.Since(said) > 30*time.Second {
			said = time.Now()
			if err := w.report(ctx, time.Since(begun)); err != nil {
				return err
			}
		}
		if err := amazon.Sleep(ctx, 2*time.Second); err != nil {
			return errors.Join(err, w.leftOver(context.WithoutCancel(ctx)))
		}
	}
}

// leftOver prints what has not arrived, and which sources were not read.
func (w *dayWorld) leftOver(ctx context.Context) error {
	rows, err := w.pool.Query(ctx, `
		(SELECT flow || ' ' || key, state || ' ' || problem || waits FROM flow_record WHERE state NOT IN ('delivered', 'ignored') AND waits = '' ORDER BY id LIMIT 20)
		UNION ALL (SELECT f.name || ' of connection ' || f.connection_id, 'read until ' || coalesce(f.read_until::text, 'never') || ' ' || f.failure FROM flow f WHERE f.paused_at IS NULL)`)
	if err != nil {
		return fmt.Errorf("read what is left over: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var what, why string
		if err := rows.Scan(&what, &why); err != nil {
			return fmt.Errorf("read what is left over: %w", err)
		}
		say(w.env, "  %s: %s", what, why)
	}
	return rows.Err()
}
