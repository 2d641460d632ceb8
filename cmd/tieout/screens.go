package main

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"tieout/app/audit"
	"tieout/app/database"
	"tieout/app/document"
	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/identity"
	"tieout/app/insight"
	"tieout/app/settlement/report"
	"tieout/app/task"
	"tieout/app/web"
	"tieout/jobs"
)

// chrome is what every page's frame shows.
type chrome struct{ *program }

// Frame implements web.Chrome.
func (c chrome) Frame(ctx context.Context, person identity.Person, connectionID int64) (web.Frame, error) {
	counts, err := c.insight.Counts(ctx, person.ID, connectionID)
	if err != nil {
		return web.Frame{}, err
	}
	choices, err := c.insight.Connections(ctx)
	if err != nil {
		return web.Frame{}, err
	}
	frame := web.Frame{Exceptions: int(counts.Exceptions), Invoiced: counts.Invoiced}
	if person.Can(identity.ApproveEntries) {
		frame.Entries = int(counts.ToApprove)
	} else if person.Can(identity.PrepareEntries) {
		frame.Entries = int(counts.ToSubmit)
	}
	if frame.Banner, err = c.banner(ctx, person, counts); err != nil {
		return web.Frame{}, err
	}
	for _, choice := range choices {
		title := choice.Title
		if title == "" {
			title = choice.Name
		}
		frame.Connections = append(frame.Connections, web.ConnectionChoice{ID: choice.ID, Title: title, Note: choice.FunctionalCurrency})
	}
	return frame, nil
}

// banner says which P21, or else which flow, does not go on, nil while all do.
func (c chrome) banner(ctx context.Context, person identity.Person, counts insight.Counts) (*web.Banner, error) {
	if counts.Failing {
		if b, err := c.outageBanner(ctx, person); err != nil || b != nil {
			return b, err
		}
	}
	if counts.Halting {
		return c.flowBanner(ctx, person)
	}
	return nil, nil
}

// outageBanner says which P21 does not answer, nil while all do.
func (c chrome) outageBanner(ctx context.Context, person identity.Person) (*web.Banner, error) {
	outages, err := c.insight.Outages(ctx)
	if err != nil || len(outages) == 0 {
		return nil, err
	}
	longest, others := outages[0], ""
	name := longest.Title
	if name == "" {
		name = longest.Name
	}
	if n := len(outages) - 1; n > 0 {
		others = fmt.Sprintf(" and %d more", n)
	}
	what := "1 journal entry waits"
	if longest.Messages > 1 {
		what = fmt.Sprintf("%d journal entries wait", longest.Messages)
	}
	return &web.Banner{Title: fmt.Sprintf("Prophet 21 of %s%s does not answer.", name, others),
		Text:     fmt.Sprintf("%s since %s and will go on without anybody's help.", what, longest.Since.In(person.Location()).Format("2 Jan 15:04")),
		LinkText: "Show them", LinkHref: fmt.Sprintf("/entries?state=posting&connection=%d", longest.ConnectionID)}, nil
}

// flowBanner says which flow does not go on, nil while all do.
func (c chrome) flowBanner(ctx context.Context, person identity.Person) (*web.Banner, error) {
	stopped, err := c.insight.StoppedFlows(ctx, flow.Patience)
	if err != nil || len(stopped) == 0 {
		return nil, err
	}
	first := stopped[0]
	title := first.Name
	if d, err := c.flows.Definition(first.Name); err == nil {
		title = d.Title
	}
	name := first.ConnectionTitle
	if name == "" {
		name = first.ConnectionName
	}
	b := &web.Banner{LinkText: "Show the flow", LinkHref: fmt.Sprintf("/flows/%s/%d", first.Name, first.ConnectionID)}
	waiting := counted(first.Waiting, "record waits", "records wait")
	if first.PausedAt != nil {
		b.Title, b.Text = fmt.Sprintf("%s of %s is paused.", title, name), fmt.Sprintf("%s %s.", first.PauseReason, waiting)
	} else {
		b.Title = fmt.Sprintf("%s of %s waits for the other side.", title, name)
		b.Text = fmt.Sprintf("%s %s since %s and will go on by themselves.", first.Failure, waiting, first.FailingSince.In(person.Location()).Format("2 Jan 15:04"))
	}
	if n := len(stopped) - 1; n > 0 {
		b.Text += fmt.Sprintf(" %s stopped too.", counted(int64(n), "other flow is", "other flows are"))
		b.LinkText, b.LinkHref = "Show the flows", "/flows"
	}
	return b, nil
}

func counted(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// tasks is long work as the screens watch it.
type tasks struct{ *program }

// Task implements web.Tasks.
func (t tasks) Task(ctx context.Context, _ identity.Person, id string) (web.Task, error) {
	number, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return web.Task{}, fault.New(fault.NotFound, "There is no task %q.", id)
	}
	found, err := task.Get(ctx, t.pool, number)
	if err != nil {
		return web.Task{}, err
	}
	return shown(found), nil
}

func shown(t task.Task) web.Task {
	out := web.Task{Title: t.Title, Unit: t.Unit, Done: t.Done, Total: t.Total, Began: t.CreatedAt, Message: t.Message, Link: t.Link,
		Failed: t.State == task.Failed || t.State == task.Cancelled}
	if t.FinishedAt != nil {
		out.Ended = *t.FinishedAt
	} else {
		out.Cancel = "/settlements/upload/" + strconv.FormatInt(t.ID, 10) + "/cancel"
	}
	return out
}

// uploads keeps what people upload and has it read.
type uploads struct{ *program }

// Upload implements web.Uploads.
func (u uploads) Upload(ctx context.Context, person identity.Person, connectionID int64, name string, in io.Reader) (int64, error) {
	raw, err := report.Decompress(in)
	if err != nil {
		return 0, err
	}
	store := document.NewStore(u.pool)
	doc, _, err := store.Put(ctx, document.Meta{ConnectionID: connectionID, Kind: document.SettlementReport, Name: name, Source: document.FromUpload, CreatedBy: person.ID}, raw)
	if err != nil {
		return 0, database.Translate(err)
	}
	var id int64
	err = database.WithTx(ctx, u.pool, u.clock, func(tx *database.Tx) error {
		id, err = task.Create(ctx, tx, task.New{ConnectionID: connectionID, Kind: "import", Title: name, Unit: "bytes", Total: doc.Size, CreatedBy: person.ID})
		if err != nil {
			return err
		}
		return u.queue.Import(ctx, tx.Tx, jobs.Import{TaskID: id, DocumentID: doc.ID, ConnectionID: connectionID, Name: name, PersonID: person.ID, PersonName: person.Name})
	})
	return id, err
}

// Recent implements web.Uploads.
func (u uploads) Recent(ctx context.Context) ([]web.Upload, error) {
	recent, err := task.Recent(ctx, u.pool, 50)
	if err != nil {
		return nil, err
	}
	var list []web.Upload
	for _, t := range recent {
		if t.Kind == "import" {
			list = append(list, web.Upload{TaskID: t.ID, Name: t.Title, Task: shown(t)})
		}
	}
	return list, nil
}

// Cancel implements web.Uploads.
func (u uploads) Cancel(ctx context.Context, taskID int64) error {
	return task.Cancel(ctx, u.pool, taskID)
}

// steward does the work behind the administration's buttons.
type steward struct{ *program }

// FindReports implements web.Steward.
func (s steward) FindReports(ctx context.Context, connectionID int64) error {
	return s.queue.FindReports(ctx, connectionID)
}

// Events implements web.Steward.
func (s steward) Events(ctx context.Context, f audit.Filter) ([]audit.Recorded, error) {
	return audit.Search(ctx, s.pool, f)
}

// Chain implements web.Steward.
func (s steward) Chain(ctx context.Context) (int64, []audit.Break, error) {
	return audit.Verify(ctx, s.pool)
}
