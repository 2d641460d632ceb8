package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"tieout/app/closing"
	"tieout/app/period"
)

var checklistHash = regexp.MustCompile(`name="hash" value="([0-9a-f]{64})"`)

// closePeriods has the accountant ask for the close of the month of each
// connection, on its checklist, and the controller make it. Nothing is waived.
func (s *staff) closePeriods(ctx context.Context, month period.Period) error {
	for _, side := range s.world.sandbox.Connections() {
		c, err := s.world.connections.ByName(ctx, side.Name)
		if err != nil {
			return err
		}
		key := closing.Key{ConnectionID: c.ID, FiscalYear: month.FiscalYear, Number: month.Number}
		if err := s.closePeriod(ctx, side.Title, key); err != nil {
			return fmt.Errorf("%s: %w", side.Name, err)
		}
	}
	return nil
}

func (s *staff) closePeriod(ctx context.Context, title string, key closing.Key) error {
	list, err := s.world.closing.Checklist(ctx, key)
	if err != nil {
		return err
	}
	say(s.world.env, "  %s", title)
	for _, i := range list.Items {
		say(s.world.env, "    %-8s %-44s %s", i.State, i.Title, i.Why)
	}
	if left := list.InTheWay(); len(left) > 0 {
		return fmt.Errorf("%q is in the way: %s", left[0].Title, left[0].Why)
	}
	path := fmt.Sprintf("/close/%d/%s", key.ConnectionID, key)
	if _, err := s.accountant.post(ctx, path+"/request", url.Values{"note": {"Everything agrees."}}); err != nil {
		return err
	}
	page, err := s.controller.look(ctx, path)
	if err != nil {
		return err
	}
	hash := checklistHash.FindStringSubmatch(page)
	if hash == nil {
		return errors.New("the page offers no close to the controller")
	}
	led, err := s.controller.post(ctx, path+"/approve", url.Values{"hash": {hash[1]}})
	if err != nil {
		return err
	}
	if !strings.Contains(led.page, "Nothing is written into this period any more") {
		return fmt.Errorf("%s does not say that it is closed", path)
	}
	return nil
}

// postLate tries to write into the closed month: the reversal of one of its
// entries goes to a later period, and dating it back is refused.
func (s *staff) postLate(ctx context.Context, month period.Period) error {
	for _, side := range s.world.sandbox.Connections() {
		var entry int64
		err := s.world.pool.QueryRow(ctx, `SELECT min(e.id) FROM journal_entry e JOIN connection c ON c.id = e.connection_id
			WHERE c.name = $1 AND e.fiscal_year = $2 AND e.period = $3 AND e.status = 'posted' AND e.reverses_id IS NULL`, side.Name, month.FiscalYear, month.Number).Scan(&entry)
		if err != nil {
			return fmt.Errorf("find an entry of %s: %w", side.Name, err)
		}
		led, err := s.accountant.post(ctx, fmt.Sprintf("/entries/%d/reverse", entry), url.Values{"reason": {"Tried after the close."}})
		if err != nil {
			return err
		}
		if err := s.dateBack(ctx, led.path, month); err != nil {
			return fmt.Errorf("%s: %w", side.Name, err)
		}
		if _, err := s.accountant.post(ctx, led.path+"/discard", nil); err != nil {
			return err
		}
	}
	return s.world.rest(ctx)
}

// dateBack tries to move the draft of a reversal into the closed month, on its
// page and past it.
func (s *staff) dateBack(ctx context.Context, path string, month period.Period) error {
	id, err := strconv.ParseInt(strings.TrimPrefix(path, "/entries/"), 10, 64)
	if err != nil {
		return fmt.Errorf("the reversal is at %s: %w", path, err)
	}
	draft, err := s.world.entries.Get(ctx, id)
	if err != nil {
		return err
	}
	if int(draft.FiscalYear) == month.FiscalYear && int(draft.Period) == month.Number {
		return fmt.Errorf("%s is closed, and a reversal was drafted in it", month.Key())
	}
	back := url.Values{"version": {fmt.Sprint(draft.RowVersion)}, "description": {draft.Description}, "date": {month.Ends.String()}}
	if err := s.accountant.refused(ctx, path+"/edit", back, "belongs to period"); err != nil {
		return err
	}
	_, err = s.world.pool.Exec(ctx, `UPDATE journal_entry SET fiscal_year = $1, period = $2 WHERE id = $3`, month.FiscalYear, month.Number, id)
	if err == nil {
		return fmt.Errorf("the database lets an entry into %s, which is closed", month.Key())
	}
	if !strings.Contains(err.Error(), "is closed") {
		return fmt.Errorf("move an entry into %s: %w", month.Key(), err)
	}
	return nil
}

// allClosed returns errProblems when a month of a connection is not closed.
func (w *yearWorld) allClosed(ctx context.Context, months []period.Period) error {
	wrong := false
	for _, side := range w.sandbox.Connections() {
		c, err := w.connections.ByName(ctx, side.Name)
		if err != nil {
			return err
		}
		for _, m := range months {
			whole, err := w.closing.Get(ctx, closing.Key{ConnectionID: c.ID, FiscalYear: m.FiscalYear, Number: m.Number})
			if err != nil {
				return err
			}
			if whole.State != closing.Closed {
				say(w.env, "%s of %s is %s.", m.Key(), side.Title, whole.State)
				wrong = true
			}
		}
	}
	if wrong {
		return errProblems
	}
	say(w.env, "Every month is closed.")
	return nil
}
