package main

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"

	"tieout/app/amazon"
	"tieout/app/audit"
	"tieout/app/fbastock"
	"tieout/app/flow"
	"tieout/app/orders"
	"tieout/app/returns"
)

// readBack has what a seller sold and what came back read from the first day on.
// P21 is told none of it: these books are made of settlements.
func (w *yearWorld) readBack(ctx context.Context, connection int64, first time.Time) error {
	actor := audit.Job("year")
	if err := w.furnishFlow(ctx, connection, returns.Name, "wanted", "false", "P21 takes none of them.", actor); err != nil {
		return err
	}
	for _, name := range []string{orders.Name, returns.Name} {
		state, err := w.flows.Get(ctx, connection, name)
		if err != nil {
			return err
		}
		if err := w.flows.ReadFrom(ctx, connection, name, state.Version, first, actor); err != nil {
			return err
		}
		if state, err = w.readWhole(ctx, connection, name, first); err != nil {
			return err
		}
		if name == returns.Name {
			if err := w.flows.Work(ctx, connection, name); err != nil {
				return err
			}
		}
		if err := w.flows.Pause(ctx, connection, name, state.Version, "The books of this year are made of settlements.", actor); err != nil {
			return err
		}
	}
	return nil
}

// readWhole reads a flow's source until it has been read to now.
func (w *yearWorld) readWhole(ctx context.Context, connection int64, name string, first time.Time) (flow.State, error) {
	for {
		if err := w.flows.Read(ctx, connection, name, flow.OnSchedule, 0); err != nil {
			return flow.State{}, err
		}
		state, err := w.flows.Get(ctx, connection, name)
		if err != nil || state.ReadUntil.After(first) {
			return state, err
		}
		if state.Failure != "" {
			return state, fmt.Errorf("read %s: %s", name, state.Failure)
		}
		if err := amazon.Sleep(ctx, 50*time.Millisecond); err != nil {
			return state, fmt.Errorf("read %s: %w", name, context.Cause(ctx))
		}
	}
}

// adjustStock tends stock until nothing differs any more.
func (s *staff) adjustStock(ctx context.Context) error {
	for {
		quiet, err := s.tendStock(ctx)
		if err != nil || quiet {
			return err
		}
		if err := amazon.Sleep(ctx, 200*time.Millisecond); err != nil {
			return fmt.Errorf("wait for stock: %w", context.Cause(ctx))
		}
	}
}

// tendStock has operations map what the stock is of, and the controller approve
// the adjustments of P21's that are asked for by now. It reports whether both
// sides have the same and nothing is on its way.
func (s *staff) tendStock(ctx context.Context) (quiet bool, err error) {
	w := s.world
	rows, err := w.pool.Query(ctx, `SELECT id, version, class, cause, flow FROM exception WHERE flow = $1 AND class IN ('unknown_sku', 'stock_difference') AND state = 'open' ORDER BY id`, fbastock.Name)
	if err != nil {
		return false, fmt.Errorf("read the queue: %w", err)
	}
	open, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c cause, err error) {
		return c, row.Scan(&c.id, &c.version, &c.class, &c.cause, &c.flow)
	})
	if err != nil {
		return false, fmt.Errorf("read the queue: %w", err)
	}
	for _, c := range open {
		if err := s.settleStock(ctx, c); err != nil {
			return false, err
		}
	}
	var differ, moving int64
	err = w.pool.QueryRow(ctx, `SELECT (SELECT count(*) FROM fba_difference), (SELECT count(*) FROM flow_record WHERE flow = $1 AND state NOT IN ('delivered', 'ignored'))
		+ (SELECT count(*) FROM river_job WHERE kind IN ('read_flow', 'work_flow') AND state IN ('available', 'running', 'retryable'))
		+ (SELECT count(*) FROM flow WHERE name = $1 AND read_until IS NULL)`, fbastock.Name).Scan(&differ, &moving)
	if err != nil {
		return false, fmt.Errorf("look at stock: %w", err)
	}
	if moving == 0 && differ > 0 && len(open) == 0 { // P21 has been adjusted: both sides are to be read again
		return false, s.readStock(ctx)
	}
	return moving == 0 && differ == 0, nil
}

func (s *staff) settleStock(ctx context.Context, c cause) error {
	if c.class == "stock_difference" {
		_, err := s.controller.post(ctx, fmt.Sprintf("/exceptions/%d/approve", c.id), nil)
		s.adjusted++
		return err
	}
	_, err := s.operator.post(ctx, fmt.Sprintf("/exceptions/%d/map", c.id), url.Values{"code": {itemOf(c.cause)}, "quantity": {"1"}})
	return err
}

// readStock has both sides' stock read again.
func (s *staff) readStock(ctx context.Context) error {
	list, err := s.world.connections.List(ctx)
	if err != nil {
		return err
	}
	for _, c := range list {
		if _, err := s.operator.post(ctx, fmt.Sprintf("/flows/%s/%d/run", fbastock.Name, c.ID), nil); err != nil {
			return err
		}
	}
	return nil
}
