package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/sync/errgroup"

	"tieout/app/amazon"
	"tieout/app/exception"
	"tieout/app/fbastock"
	"tieout/cmd/sandbox/seller"
)

// crowd are the people of a turn, each signed in.
type crowd struct {
	shift
	desk
}

// gather has everybody sign in.
func (w *soakWorld) gather(ctx context.Context) (crowd, error) {
	var c crowd
	if err := w.ready(ctx); err != nil {
		return c, err
	}
	for who, seat := range map[string]**clerk{"olga.ops": &c.ops, "carl.controller": &c.shift.controller, "amy.accountant": &c.accountant, "dora.director": &c.director} {
		var err error
		if *seat, err = w.signIn(ctx, who); err != nil {
			return c, err
		}
		(*seat).client.Timeout = 10 * time.Second // nobody looks at a page longer that does not come
	}
	c.desk.controller, c.only = c.shift.controller, mayAsk
	return c, nil
}

// mayAsk reports whether a person may be asked about a cause although nothing
// but faults went wrong: what business asks anyway, and what cannot be known.
func mayAsk(class, flow string) bool {
	switch exception.Class(class) {
	case exception.UnknownSKU, exception.StockDifference, exception.InboundDifference, exception.DeliveryUnknown:
		return true
	case exception.DeliveryMismatch: // what is left over of a difference of stock
		return flow == fbastock.Name
	}
	return false
}

// troubled lets everything happen that belongs to a turn: its orders, uploads and
// postings, the kills, and the trouble itself. It returns when the trouble is over.
func (w *soakWorld) troubled(ctx context.Context, d day, t turn, people crowd, kills int) error {
	files, err := w.files(t.weight)
	if err != nil {
		return err
	}
	if err := w.list(); err != nil {
		return err
	}
	working, over := context.WithCancel(ctx)
	defer over()
	busy, _ := errgroup.WithContext(working)
	busy.Go(func() error { w.workDesk(working, people.desk); return nil })
	var uploading errgroup.Group
	uploading.Go(func() error { return w.upload(ctx, people.accountant, files, d.length) })

	group, troubled := errgroup.WithContext(ctx)
	group.Go(func() error { return w.play(troubled, d.timeline(troubled, w.dayWorld)) })
	group.Go(func() error { return w.killAtRandom(troubled, kills, d.length) })
	group.Go(func() error { return t.trouble(w, troubled, d.length) })
	err = group.Wait()
	over()
	return errors.Join(err, busy.Wait(), uploading.Wait())
}

// play lets the events of a turn happen when their time comes.
func (w *soakWorld) play(ctx context.Context, timeline []event) error {
	begun := time.Now()
	for _, e := range timeline {
		if _, err := w.warehouse.work(); err != nil {
			return err
		}
		if err := amazon.Sleep(ctx, time.Until(begun.Add(e.at))); err != nil {
			return err
		}
		if err := e.do(); err != nil {
			return fmt.Errorf("after %s: %w", e.at.Round(time.Second), err)
		}
	}
	return nil
}

// file is a report to be uploaded.
type file struct {
	connection int64
	name       string
	content    []byte
}

// files are the reports of the next cycles of each seller.
func (w *soakWorld) files(cycles int) ([]file, error) {
	var list []file
	for i, side := range w.sandbox.Connections() {
		for range cycles {
			n := w.sold[i]
			if n == w.kept[i] {
				break // the rest is Amazon's to list
			}
			var report bytes.Buffer
			if err := w.books[i].WriteReport(&report, n, seller.Whole); err != nil {
				return nil, err
			}
			list = append(list, file{w.ids[i], fmt.Sprintf("%s-%02d.txt", side.Name, n), report.Bytes()})
			w.due = append(w.due, dueSettlement{side.Name, w.books[i].Settlement(n)})
			w.sold[i]++
		}
	}
	return list, nil
}

// list has Amazon list one more settlement of each seller.
func (w *soakWorld) list() error {
	for i, side := range w.sandbox.Connections() {
		account := w.books[i].Account()
		if w.shown[i] >= account.Finished(w.sandbox.Now())-novel {
			continue
		}
		if err := w.sandbox.Amazon.Withhold(side.Name, account.End(w.shown[i])); err != nil {
			return err
		}
		w.due = append(w.due, dueSettlement{side.Name, w.books[i].Settlement(w.shown[i])})
		w.shown[i]++
	}
	return nil
}

// upload has a person upload files over a time. What is not taken is tried
// again, as people do, until it is; whether the last try did arrive is not asked.
func (w *soakWorld) upload(ctx context.Context, who *clerk, files []file, length time.Duration) error {
	for _, f := range files {
		if err := amazon.Sleep(ctx, length/time.Duration(len(files)+1)); err != nil {
			return err
		}
		for tries := 1; ; tries++ {
			led, err := who.upload(ctx, "/settlements/upload", "connection", f.connection, f.name, f.content)
			if err == nil && led.path == "/settlements/upload" {
				break
			}
			w.again.Add(1)
			if stopped := amazon.Sleep(ctx, 300*time.Millisecond); stopped != nil {
				return fmt.Errorf("upload %s, %d times: %w", f.name, tries, errors.Join(stopped, err))
			}
			if again, err := w.signIn(ctx, "amy.accountant"); err == nil { // the session may be over
				who = again
			}
		}
	}
	return nil
}

// workDesk has entries submitted and approved until ctx ends. What fails is seen
// to in the next round.
func (w *soakWorld) workDesk(ctx context.Context, people desk) {
	for ctx.Err() == nil {
		if err := people.post(ctx, url.Values{}); err != nil {
			if again, err := w.gather(ctx); err == nil {
				people = again.desk
			}
		}
		_ = amazon.Sleep(ctx, 500*time.Millisecond) // it ends with ctx
	}
}

// comeToRest waits until nothing is on its way any more and both sides have the
// same, with people who do their work, and no others: what needs another decision
// stays and is found.
func (w *soakWorld) comeToRest(ctx context.Context, people crowd) error {
	people, err := w.gather(ctx)
	if err != nil {
		return err
	}
	for {
		if err := w.settle(ctx, people.shift); err != nil {
			return errors.Join(err, w.stuck(context.WithoutCancel(ctx)))
		}
		if err := w.finish(ctx, people); err != nil {
			return errors.Join(err, w.stuck(context.WithoutCancel(ctx)))
		}
		if _, differ := w.compareSides(ctx); differ == nil { // otherwise a flow has read one side before the other changed
			return nil
		}
	}
}

// finish waits until every entry is posted.
func (w *soakWorld) finish(ctx context.Context, people crowd) error {
	for {
		if err := people.post(ctx, url.Values{}); err != nil {
			return err
		}
		if err := w.decide(ctx, people); err != nil {
			return err
		}
		if err := w.hasten(ctx); err != nil {
			return err
		}
		rest, err := w.atRest(ctx)
		if err != nil || rest {
			return err
		}
		if err := amazon.Sleep(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
}

// decide has the controller send again what is of unknown outcome: after a look
// into P21, which must not hold it, for else it should have been found.
func (w *soakWorld) decide(ctx context.Context, people crowd) error {
	rows, err := w.pool.Query(ctx, `SELECT id, company, reference, reason FROM journal_entry WHERE status = 'unknown'`)
	if err != nil {
		return fmt.Errorf("read entries of unknown outcome: %w", err)
	}
	defer rows.Close()
	type entry struct {
		id                         int64
		company, reference, reason string
	}
	var list []entry
	for rows.Next() {
		var e entry
		if err := rows.Scan(&e.id, &e.company, &e.reference, &e.reason); err != nil {
			return fmt.Errorf("read entries of unknown outcome: %w", err)
		}
		list = append(list, e)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read entries of unknown outcome: %w", err)
	}
	for _, e := range list {
		if held := w.sandbox.P21.ByReference(e.company, e.reference); len(held) > 0 {
			return fmt.Errorf("%s is said to be unknown (%s), and P21 holds it %d times", e.reference, e.reason, len(held))
		}
		form := url.Values{"reason": {"Looked in the journal window, it is not there."}}
		if _, err := people.desk.controller.ask(ctx, http.MethodPost, fmt.Sprintf("%s/entries/%d/send", people.desk.controller.base, e.id), form); err != nil {
			return err
		}
	}
	return nil
}

// atRest reports whether every settlement is there, every entry posted, and no
// job left that is not for later.
func (w *soakWorld) atRest(ctx context.Context) (rest bool, err error) {
	var settlements int
	err = w.pool.QueryRow(ctx, `SELECT (SELECT count(*) FROM settlement),
		NOT EXISTS (SELECT FROM journal_entry WHERE status NOT IN ('posted', 'reversed', 'discarded'))
		AND NOT EXISTS (SELECT FROM settlement s WHERE NOT EXISTS (SELECT FROM journal_entry e WHERE e.settlement_id = s.id AND e.status = 'posted'))
		AND NOT EXISTS (SELECT FROM task WHERE finished_at IS NULL)
		AND NOT EXISTS (SELECT FROM river_job WHERE state IN ('available', 'running', 'retryable', 'pending') AND kind IN ('import', 'fetch_report', 'draft', 'redraft', 'post'))`).Scan(&settlements, &rest)
	if err != nil {
		return false, fmt.Errorf("look whether all is at rest: %w", err)
	}
	return rest && settlements >= len(w.due), nil
}
