package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
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
	world                *yearWorld
	accountant           *clerk
	controller, director *clerk
	uploaded             map[string]int // cycles uploaded so far, by connection
}

func (w *yearWorld) staff(ctx context.Context) (*staff, error) {
	s := &staff{world: w, uploaded: map[string]int{}}
	var err error
	for who, seat := range map[string]**clerk{"amy.accountant": &s.accountant, "carl.controller": &s.controller, "dora.director": &s.director} {
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
		{"upload reports", s.uploadReports}, {"map what is new", s.mapKinds}, {"post entries", s.postEntries},
	}
	for _, step := range steps {
		if err := step.do(ctx, month); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return nil
}

// uploadReports uploads the reports of the cycles that ended by the month's end.
func (s *staff) uploadReports(ctx context.Context, month period.Period) error {
	for i, side := range s.world.sandbox.Connections() {
		c, err := s.world.connections.ByName(ctx, side.Name)
		if err != nil {
			return err
		}
		account := s.world.sellers[i]
		for n := s.uploaded[side.Name]; !account.End(n).After(month.Ends.AddDays(1).Time()); n++ {
			var report bytes.Buffer
			if err := seller.NewBooks(account).WriteReport(&report, n, seller.Whole); err != nil {
				return err
			}
			if err := s.accountant.upload(ctx, "/settlements/upload", c.ID, fmt.Sprintf("%s-%02d.txt", side.Name, n), report.Bytes()); err != nil {
				return err
			}
			s.uploaded[side.Name] = n + 1
		}
	}
	return s.world.rest(ctx)
}

// upload sends a file as the form of a page does.
func (p *clerk) upload(ctx context.Context, path string, connectionID int64, name string, content []byte) error {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	err := form.WriteField("connection", strconv.FormatInt(connectionID, 10))
	part, failed := form.CreateFormFile("files", name)
	if err = errors.Join(err, failed); err != nil {
		return fmt.Errorf("write the form: %w", err)
	}
	if _, err := part.Write(content); err != nil {
		return fmt.Errorf("write the form: %w", err)
	}
	if err := form.Close(); err != nil {
		return fmt.Errorf("write the form: %w", err)
	}
	_, err = p.send(ctx, http.MethodPost, p.base+path, form.FormDataContentType(), &body)
	return err
}

// rest waits until no job is left to do.
func (w *yearWorld) rest(ctx context.Context) error {
	for {
		var left int
		err := w.pool.QueryRow(ctx, `SELECT count(*) FROM river_job WHERE state IN ('available', 'running', 'retryable', 'scheduled', 'pending') AND kind IN ('import', 'draft', 'redraft', 'post')`).Scan(&left)
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

var entryMarks = regexp.MustCompile(`name="entry" value="([^"]+)"`)

// postEntries has the accountant submit every draft and two people approve, and
// waits until P21 holds them.
func (s *staff) postEntries(ctx context.Context, _ period.Period) error {
	turns := []struct {
		who          *clerk
		list, action string
	}{
		{s.accountant, "/entries?state=draft", "/entries/submit"}, {s.controller, "/entries?state=waiting", "/entries/approve"},
		{s.director, "/entries?state=waiting", "/entries/approve"},
	}
	for _, t := range turns {
		for {
			page, err := t.who.ask(ctx, http.MethodGet, t.who.base+t.list, nil)
			if err != nil {
				return err
			}
			form := url.Values{}
			for _, mark := range entryMarks.FindAllStringSubmatch(page, -1) {
				form.Add("entry", mark[1])
			}
			if len(form["entry"]) == 0 {
				break
			}
			if _, err := t.who.ask(ctx, http.MethodPost, t.who.base+t.action, form); err != nil {
				return err
			}
		}
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
