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
	"tieout/app/fbastock"
	p21stand "tieout/cmd/sandbox/p21"
)

// shift are the people of the day: who works on exceptions, and who approves.
type shift struct {
	ops, controller *clerk
	only            func(class, flow string) bool // the causes that they see to; nil: all
}

func (w *dayWorld) shift(ctx context.Context) (s shift, err error) {
	if s.ops, err = w.signIn(ctx, "olga.ops"); err != nil {
		return s, err
	}
	s.controller, err = w.signIn(ctx, "carl.controller")
	return s, err
}

// cause is an open exception of a flow.
type cause struct {
	id                 int64
	version            int32
	class, cause, flow string
}

// clear removes every cause that stands in the queue, through its page: an
// unknown SKU is mapped, what Amazon lost of a shipment claimed, a difference of
// stock approved once nothing moves it any more, anything else is tried again.
func (s shift) clear(ctx context.Context, w *dayWorld) error {
	rows, err := w.pool.Query(ctx, `SELECT id, version, class, cause, flow FROM exception WHERE flow <> '' AND state = 'open'
		AND (class <> 'stock_difference' OR NOT EXISTS (SELECT FROM flow_record WHERE state NOT IN ('delivered', 'ignored') AND waits = '' AND flow <> $1)) ORDER BY id`, fbastock.Name)
	if err != nil {
		return fmt.Errorf("read the queue: %w", err)
	}
	queue, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c cause, err error) {
		return c, row.Scan(&c.id, &c.version, &c.class, &c.cause, &c.flow)
	})
	if err != nil {
		return fmt.Errorf("read the queue: %w", err)
	}
	for _, c := range queue {
		if s.only != nil && !s.only(c.class, c.flow) {
			continue
		}
		address := fmt.Sprintf("%s/exceptions/%d", s.ops.base, c.id)
		if _, err := s.ops.ask(ctx, http.MethodGet, address, nil); err != nil {
			return err
		}
		if err := s.settle(ctx, w, address, c); err != nil {
			return err
		}
	}
	return nil
}

// settle does with one cause what a person would.
func (s shift) settle(ctx context.Context, w *dayWorld, address string, c cause) (err error) {
	p := s.ops
	switch {
	case c.class == "stock_difference":
		_, err = s.controller.ask(ctx, http.MethodPost, address+"/approve", nil)
	case c.class == "inbound_difference":
		if err = w.claim(c.cause); err == nil {
			_, err = p.ask(ctx, http.MethodPost, address+"/retry", nil)
		}
	case c.class == "delivery_mismatch" && c.flow == fbastock.Name: // what is left over is the next difference
		_, err = p.ask(ctx, http.MethodPost, address+"/ignore", url.Values{"reason": {"Looked into the adjustments of the item."}, "version": {fmt.Sprint(c.version)}})
	case c.class == "unknown_sku":
		_, err = p.ask(ctx, http.MethodPost, address+"/map", url.Values{"code": {itemOf(c.cause)}, "quantity": {"1"}})
	case c.class == "delivery_unknown":
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
func (w *dayWorld) settle(ctx context.Context, people shift) error {
	begun, over, said := time.Now(), time.Now().UTC(), time.Now()
	for {
		if err := people.clear(ctx, w); err != nil {
			return err
		}
		shipped, err := w.warehouse.work()
		if err != nil {
			return err
		}
		if shipped > 0 {
			over = time.Now().UTC()
		}
		if err := w.hasten(ctx); err != nil {
			return err
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
		if err := amazon.Sleep(ctx, 500*time.Millisecond); err != nil {
			return errors.Join(err, w.leftOver(context.WithoutCancel(ctx)))
		}
	}
}

// hasten puts off for seconds what is put off for minutes, or for the hour that is
// the most it may be: the day is fast.
func (w *dayWorld) hasten(ctx context.Context) error {
	// What somebody has in hand is left for the next time: to wait for it may be to wait in a circle.
	for _, put := range []string{
		`UPDATE flow_record SET retry_at = now() + interval '5 seconds' WHERE id IN (
			SELECT id FROM flow_record WHERE retry_at > now() + interval '5 seconds' AND retry_at < now() + interval '90 minutes' FOR UPDATE SKIP LOCKED)`,
		`UPDATE flow SET held_until = now() + interval '5 seconds' WHERE (connection_id, name) IN (
			SELECT connection_id, name FROM flow WHERE held_until > now() + interval '5 seconds' AND held_until < now() + interval '90 minutes' FOR UPDATE SKIP LOCKED)`,
		`UPDATE river_job SET scheduled_at = now() WHERE id IN (
			SELECT id FROM river_job WHERE state = 'retryable' AND scheduled_at > now() + interval '1 second' FOR UPDATE SKIP LOCKED)`,
	} {
		if _, err := w.pool.Exec(ctx, put); err != nil {
			return fmt.Errorf("let time pass: %w", err)
		}
	}
	return nil
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
