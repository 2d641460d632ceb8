package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"tieout/app/invariant"
	p21stand "tieout/cmd/sandbox/p21"
)

// verify proves that nothing is lost and nothing there twice, and returns how
// many checks hold. The error names the first that does not.
func (w *soakWorld) verify(ctx context.Context) (checks int, err error) {
	for _, check := range []func(context.Context) error{w.holdSettlements, w.holdJournals, w.holdWork, w.asksNobody, func(context.Context) error { return w.panicked() }} {
		if err := check(ctx); err != nil {
			return 0, err
		}
		checks++
	}
	sides, err := w.compareSides(ctx)
	return checks + sides, err
}

// proveBooks has the program itself verify its books, as people do.
func (w *soakWorld) proveBooks(ctx context.Context) (int, error) {
	cmd := exec.CommandContext(ctx, w.s.program, "verify", "--json")
	cmd.Env = append(os.Environ(), "TIEOUT_DATABASE_URL="+w.config.DatabaseURL.Reveal())
	var said bytes.Buffer
	cmd.Stderr = &said
	out, failed := cmd.Output()
	var list []invariant.Check
	if err := json.Unmarshal(out, &list); err != nil {
		return 0, fmt.Errorf("verify the books: %w: %s", errors.Join(failed, err), said.String())
	}
	var broken []error
	for _, c := range list {
		if !c.Holds() {
			broken = append(broken, fmt.Errorf("%s is broken %d times: %s", c.Name, c.Broken, strings.Join(c.Examples, "; ")))
		}
	}
	return len(list), errors.Join(append(broken, failed)...)
}

// holdSettlements holds what is there against what was uploaded or listed: each
// once, and to the cent.
func (w *soakWorld) holdSettlements(ctx context.Context) error {
	rows, err := w.pool.Query(ctx, `SELECT c.name, s.amazon_id, s.deposit FROM settlement s JOIN connection c ON c.id = s.connection_id`)
	if err != nil {
		return fmt.Errorf("read settlements: %w", err)
	}
	defer rows.Close()
	there := map[string]decimal.Decimal{}
	var wrong []error
	for rows.Next() {
		var connection, id string
		var deposit decimal.Decimal
		if err := rows.Scan(&connection, &id, &deposit); err != nil {
			return fmt.Errorf("read settlements: %w", err)
		}
		if _, twice := there[connection+" "+id]; twice {
			wrong = append(wrong, fmt.Errorf("settlement %s of %s is there twice", id, connection))
		}
		there[connection+" "+id] = deposit
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read settlements: %w", err)
	}
	for _, d := range w.due {
		deposit, ok := there[d.connection+" "+d.is.ID]
		switch {
		case !ok:
			wrong = append(wrong, fmt.Errorf("settlement %s of %s is not there", d.is.ID, d.connection))
		case !deposit.Equal(decimal.New(d.is.Deposit, -2)):
			wrong = append(wrong, fmt.Errorf("settlement %s of %s has a deposit of %s, not of %s", d.is.ID, d.connection, deposit, decimal.New(d.is.Deposit, -2)))
		}
		delete(there, d.connection+" "+d.is.ID)
	}
	for id := range there {
		wrong = append(wrong, fmt.Errorf("settlement %s was neither uploaded nor listed", id))
	}
	return errors.Join(wrong...)
}

// holdJournals holds P21's journals against the entries: one for each that is
// posted, equal to the cent, and none beside them.
func (w *soakWorld) holdJournals(ctx context.Context) error {
	rows, err := w.pool.Query(ctx, `SELECT e.company, e.reference, e.p21_number, e.status, (SELECT coalesce(sum(l.functional_debit), 0) FROM journal_line l WHERE l.entry_id = e.id),
		(SELECT count(*) FROM journal_line l WHERE l.entry_id = e.id) FROM journal_entry e WHERE e.status <> 'discarded'`)
	if err != nil {
		return fmt.Errorf("read entries: %w", err)
	}
	defer rows.Close()
	journals := map[string][]p21stand.Journal{}
	for _, j := range w.sandbox.P21.Journals("") {
		journals[j.Company+" "+j.Reference] = append(journals[j.Company+" "+j.Reference], j)
	}
	var wrong []error
	for rows.Next() {
		var company, reference, number, status string
		var debit decimal.Decimal
		var lines int
		if err := rows.Scan(&company, &reference, &number, &status, &debit, &lines); err != nil {
			return fmt.Errorf("read entries: %w", err)
		}
		if status != "posted" && status != "reversed" {
			wrong = append(wrong, fmt.Errorf("entry %s is %s", reference, status))
			continue
		}
		held := journals[company+" "+reference]
		delete(journals, company+" "+reference)
		if len(held) != 1 {
			wrong = append(wrong, fmt.Errorf("entry %s is in P21 %d times", reference, len(held)))
			continue
		}
		theirs := decimal.Zero
		for _, l := range held[0].Lines {
			theirs = theirs.Add(l.FunctionalDebit)
		}
		if !theirs.Equal(debit) || len(held[0].Lines) != lines {
			wrong = append(wrong, fmt.Errorf("entry %s has %d lines of %s, P21's journal %d has %d of %s", reference, lines, debit, held[0].Number, len(held[0].Lines), theirs))
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read entries: %w", err)
	}
	for key := range journals {
		wrong = append(wrong, fmt.Errorf("P21 holds %s, which no entry is", key))
	}
	return errors.Join(wrong...)
}

// holdWork makes sure that nothing is left half done: no message, no upload, no
// job that was given up.
func (w *soakWorld) holdWork(ctx context.Context) error {
	rows, err := w.pool.Query(ctx, `
		SELECT 'message ' || reference || ' is ' || state || ' ' || error FROM outbound_message WHERE state NOT IN ('confirmed')
		UNION ALL SELECT 'upload ' || title || ' is ' || state || ': ' || message FROM task WHERE state <> 'done'
		UNION ALL SELECT 'report ' || report_id || ' is ' || state || ': ' || error FROM amazon_report WHERE state <> 'imported'
		UNION ALL SELECT 'job ' || kind || ' was given up: ' || coalesce(errors[array_upper(errors, 1)] ->> 'error', '') FROM river_job WHERE state IN ('discarded', 'cancelled')
		UNION ALL SELECT 'record ' || flow || ' ' || key || ' is ' || state || ' ' || problem FROM flow_record WHERE state NOT IN ('delivered', 'ignored') AND waits = ''`)
	if err != nil {
		return fmt.Errorf("look for what is half done: %w", err)
	}
	return found(rows)
}

// asksNobody makes sure that no person was needed but for what mayAsk.
func (w *soakWorld) asksNobody(ctx context.Context) error {
	rows, err := w.pool.Query(ctx, `SELECT class, flow, title, count(*) FROM exception WHERE state = 'open' GROUP BY class, flow, title`)
	if err != nil {
		return fmt.Errorf("read the queue: %w", err)
	}
	defer rows.Close()
	var wrong []error
	for rows.Next() {
		var class, flow, title string
		var n int
		if err := rows.Scan(&class, &flow, &title, &n); err != nil {
			return fmt.Errorf("read the queue: %w", err)
		}
		wrong = append(wrong, fmt.Errorf("a person is asked about %s: %s", class, title))
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the queue: %w", err)
	}
	return errors.Join(wrong...)
}

// stuck says what has not come to rest.
func (w *soakWorld) stuck(ctx context.Context) error {
	_, differ := w.compareSides(ctx)
	return errors.Join(w.holdSettlements(ctx), w.holdJournals(ctx), w.holdWork(ctx), w.asksNobody(ctx), w.panicked(), differ)
}

// compareSides holds every object of one side against the other's.
func (w *soakWorld) compareSides(ctx context.Context) (checks int, err error) {
	orders, err := w.compareOrders()
	if err != nil {
		return 0, err
	}
	shipments, err := w.compareShipments()
	if err != nil {
		return 0, err
	}
	quantities, err := w.compareStock()
	if err != nil {
		return 0, err
	}
	fulfilments, err := w.compareFulfilments()
	if err != nil {
		return 0, err
	}
	sent, err := w.compareInbound(ctx)
	if err != nil {
		return 0, err
	}
	var wrong []error
	for _, c := range []compared{orders, shipments, w.compareReturns(), quantities, w.compareFBA(), sent, fulfilments} {
		for _, difference := range c.differences[:min(len(c.differences), shownDifferences)] {
			wrong = append(wrong, fmt.Errorf("%s differ: %s", c.what, difference))
		}
		checks++
	}
	return checks, errors.Join(wrong...)
}

// found makes an error of each row.
func found(rows pgx.Rows) error {
	texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("look for what is half done: %w", err)
	}
	var wrong []error
	for _, text := range texts {
		wrong = append(wrong, errors.New(text))
	}
	return errors.Join(wrong...)
}
