package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"tieout/app/amazon"
	"tieout/app/mapping"
	"tieout/app/period"
	"tieout/cmd/sandbox/seller"
)

// staff are the people who close months, each at a browser of their own.
type staff struct {
	desk
	world         *yearWorld
	administrator *clerk
	operator      *clerk
	uploaded      map[string]int // cycles uploaded so far, by connection
	adjusted      int            // adjustments of stock that the controller approved
}

func (w *yearWorld) staff(ctx context.Context) (*staff, error) {
	s := &staff{world: w, uploaded: map[string]int{}}
	var err error
	for who, seat := range map[string]**clerk{"amy.accountant": &s.accountant, "carl.controller": &s.controller, "dora.director": &s.director, "adam.admin": &s.administrator, "olga.ops": &s.operator} {
		if *seat, err = w.signIn(ctx, who); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// close takes one month from Amazon's reports to closed books.
func (s *staff) close(ctx context.Context, month period.Period) error {
	steps := []struct {
		what string
		do   func(context.Context, period.Period) error
	}{
		{"upload reports", s.uploadReports}, {"upload bank statements", s.uploadStatements}, {"map what is new", s.mapKinds}, {"post entries", s.postEntries},
		{"match deposits", s.matchDeposits}, {"reconcile", s.reconcile}, {"tend stock", s.stock}, {"close the period", s.closePeriods}, {"post into the closed period", s.postLate},
	}
	for _, step := range steps {
		if err := step.do(ctx, month); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return nil
}

// uploadReports uploads the reports of the cycles that began by the month's end:
// the books are closed when the last of them is out.
func (s *staff) uploadReports(ctx context.Context, month period.Period) error {
	for i, side := range s.world.sandbox.Connections() {
		c, err := s.world.connections.ByName(ctx, side.Name)
		if err != nil {
			return err
		}
		account := s.world.sellers[i]
		for n := s.uploaded[side.Name]; !account.Start(n).After(month.Ends.AddDays(2).Time()); n++ {
			var report bytes.Buffer
			if err := seller.NewBooks(account).WriteReport(&report, n, seller.Whole); err != nil {
				return err
			}
			if _, err := s.accountant.upload(ctx, "/settlements/upload", "connection", c.ID, fmt.Sprintf("%s-%02d.txt", side.Name, n), report.Bytes()); err != nil {
				return err
			}
			s.uploaded[side.Name] = n + 1
		}
	}
	return s.world.rest(ctx)
}

// upload sends a file as the form of a page does; field says whose it is.
func (p *clerk) upload(ctx context.Context, path, field string, id int64, name string, content []byte) (led, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	err := form.WriteField(field, strconv.FormatInt(id, 10))
	part, failed := form.CreateFormFile("files", name)
	if err = errors.Join(err, failed); err != nil {
		return led{}, fmt.Errorf("write the form: %w", err)
	}
	if _, err := part.Write(content); err != nil {
		return led{}, fmt.Errorf("write the form: %w", err)
	}
	if err := form.Close(); err != nil {
		return led{}, fmt.Errorf("write the form: %w", err)
	}
	return p.follow(ctx, http.MethodPost, p.base+path, form.FormDataContentType(), &body)
}

// rest waits until no job is left to do.
func (w *yearWorld) rest(ctx context.Context) error {
	for {
		var left int
		err := w.pool.QueryRow(ctx, `SELECT count(*) FROM river_job WHERE state IN ('available', 'running', 'retryable', 'scheduled', 'pending') AND kind IN ('import', 'draft', 'redraft', 'post', 'reconcile')`).Scan(&left)
		if err != nil {
			return fmt.Errorf("count jobs: %w", err)
		}
		if left == 0 {
			return nil
		}
		if err := amazon.Sleep(ctx, 100*time.Millisecond); err != nil {
			return fmt.Errorf("wait for %d jobs: %w", left, context.Cause(ctx))
		}
	}
}

// mapKinds gives every kind that no rule knows an account, through the queue.
func (s *staff) mapKinds(ctx context.Context, _ period.Period) error {
	rows, err := s.world.pool.Query(ctx, `SELECT x.id, x.connection_id FROM exception x WHERE x.class = 'unmapped_kind' AND x.state = 'open' ORDER BY x.id`)
	if err != nil {
		return fmt.Errorf("read the queue: %w", err)
	}
	type kind struct{ ID, ConnectionID int64 }
	open, err := pgx.CollectRows(rows, pgx.RowToStructByPos[kind])
	if err != nil {
		return fmt.Errorf("read the queue: %w", err)
	}
	for _, k := range open {
		set, err := s.world.rules.Published(ctx, k.ConnectionID)
		if err != nil {
			return err
		}
		form := url.Values{"account": {set.Accounts[string(mapping.OtherExpense)]}, "category": {string(mapping.OtherExpense)}}
		if _, err := s.accountant.ask(ctx, http.MethodPost, fmt.Sprintf("%s/exceptions/%d/resolve", s.accountant.base, k.ID), form); err != nil {
			return err
		}
	}
	return s.world.rest(ctx)
}

// postEntries has the accountant submit every draft and two people approve, and
// waits until P21 holds them.
func (s *staff) postEntries(ctx context.Context, _ period.Period) error {
	if err := s.post(ctx, url.Values{}); err != nil {
		return err
	}
	if err := s.world.rest(ctx); err != nil {
		return err
	}
	var left int
	var example string
	err := s.world.pool.QueryRow(ctx, `SELECT count(*), coalesce(min(reference || ' is ' || status || ' ' || reason), '') FROM journal_entry WHERE status NOT IN ('posted', 'reversed', 'discarded')`).Scan(&left, &example)
	if err != nil {
		return fmt.Errorf("count entries: %w", err)
	}
	if left > 0 {
		return fmt.Errorf("%d entries are not posted: %s", left, example)
	}
	return nil
}
