package web

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"tieout/app/fault"
	"tieout/app/identity"
	"tieout/views"
)

// Tasks tells how far long work is.
type Tasks interface {
	// Task returns the state of a task; fault.NotFound when there is none that
	// the person may see.
	Task(ctx context.Context, person identity.Person, id string) (Task, error)
}

// Task is the state of long work.
type Task struct {
	Title   string
	Unit    string // what is counted, in the plural: "lines"
	Done    int64
	Total   int64 // 0: not known yet
	Began   time.Time
	Ended   time.Time // zero while it runs
	Failed  bool
	Message string // the outcome, or what went wrong
	Link    string // where the result is
	Cancel  string // posting here cancels it; "" cannot be cancelled
}

// How often a running task is looked at, and a quiet stream says that it lives.
const (
	taskInterval  = 500 * time.Millisecond
	taskHeartbeat = 15 * time.Second
)

// taskEvents streams a task's progress as server-sent events whose data is
// views.ProgressBody; the event "done" ends it. It also ends when the browser
// leaves, when the program stops, and when the person's session ends or they may
// not see what they saw: that is asked before anything new is sent.
func (s *server) taskEvents(r *request) error {
	id := r.Param("id")
	task, err := s.Tasks.Task(r.ctx(), r.person, id)
	if err != nil {
		return err
	}
	stream := newStream(r)
	look, beat := time.NewTicker(taskInterval), time.NewTicker(taskHeartbeat)
	defer look.Stop()
	defer beat.Stop()
	for {
		if err := s.tell(r, stream, task); err != nil || !task.Ended.IsZero() {
			return stream.end(err)
		}
		select {
		case <-r.ctx().Done():
			return nil
		case <-s.stopping.Done():
			return nil
		case <-beat.C:
			if err := s.stillSees(r); err != nil {
				return stream.end(err)
			}
			if err := stream.comment("here"); err != nil {
				return stream.end(err)
			}
		case <-look.C:
			if task, err = s.Tasks.Task(r.ctx(), r.person, id); err != nil {
				return stream.end(err)
			}
		}
	}
}

// tell sends the state of a task when it differs from the one sent last.
func (s *server) tell(r *request, stream *stream, task Task) error {
	text, err := progressText(r, s.progress(task))
	if err != nil || text == stream.last {
		return err
	}
	if err := s.stillSees(r); err != nil {
		return err
	}
	stream.last = text
	return stream.event("", text)
}

// stillSees reports whether the person of a stream may go on watching.
func (s *server) stillSees(r *request) error {
	_, began := s.signedInAs(r)
	person, err := s.Identity.InSession(r.ctx(), r.person.ID, began)
	switch {
	case err != nil:
		return err
	case !person.Same(r.person.Scope), !person.Can(identity.ViewBooks):
		return fault.New(fault.NotFound, "What you see has changed.")
	}
	return nil
}

func (s *server) progress(t Task) views.Progress {
	p := views.Progress{Title: t.Title, Message: t.Message, Cancel: t.Cancel, State: views.Info, Percent: -1}
	p.Done = views.Count(int(t.Done)) + " " + t.Unit
	if t.Total > 0 {
		p.Percent = int(min(t.Done*100/t.Total, 100))
		p.Done = views.Count(int(t.Done)) + " of " + views.Count(int(t.Total)) + " " + t.Unit
	}
	end := t.Ended
	if end.IsZero() {
		end = s.Clock.Now()
	}
	elapsed := end.Sub(t.Began)
	if perSecond := int64(elapsed / time.Second); perSecond > 0 && t.Done > 0 {
		rate := max(t.Done/perSecond, 1)
		p.Rate = views.Count(int(rate)) + " " + t.Unit + "/s"
		if t.Ended.IsZero() && t.Total > t.Done {
			p.Left = views.Span(time.Duration((t.Total-t.Done)/rate)*time.Second) + " left"
		}
	}
	if !t.Ended.IsZero() {
		p.State, p.Cancel = views.Done, ""
		if t.Failed {
			p.State = views.Wrong
		}
		if t.Link != "" {
			p.Link = views.Link{Text: "Show", Href: t.Link}
		}
	}
	return p
}

// stream writes server-sent events.
type stream struct {
	out   io.Writer
	flush func() error
	last  string
	count int
}

func newStream(r *request) *stream {
	header := r.Response().Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("X-Accel-Buffering", "no") // proxies that know it pass events on at once
	control := http.NewResponseController(r.Response())
	_ = control.SetWriteDeadline(time.Time{}) // a stream outlives the server's usual limit, where there is one
	r.Response().WriteHeader(http.StatusOK)
	return &stream{out: r.Response(), flush: control.Flush}
}

// progressText is how far a task is, as a page shows it.
func progressText(r *request, p views.Progress) (string, error) {
	var body bytes.Buffer
	if err := views.ProgressBody(p).Render(templ.WithNonce(r.ctx(), r.nonce), &body); err != nil {
		return "", fmt.Errorf("render progress: %w", err)
	}
	return string(views.Legible(body.Bytes())), nil
}

// event sends data under a name; "" is the usual message.
func (s *stream) event(name, data string) error {
	s.count++
	var out strings.Builder
	out.WriteString("id: " + strconv.Itoa(s.count) + "\n")
	if name != "" {
		out.WriteString("event: " + name + "\n")
	}
	for line := range strings.Lines(data) { // a carriage return would end a line too
		out.WriteString("data: " + strings.ReplaceAll(strings.TrimRight(line, "\r\n"), "\r", " ") + "\n")
	}
	out.WriteString("\n")
	return s.send(out.String())
}

// comment keeps the connection from looking dead.
func (s *stream) comment(text string) error { return s.send(": " + text + "\n\n") }

func (s *stream) send(text string) error {
	if _, err := io.WriteString(s.out, text); err != nil {
		return fmt.Errorf("send event: %w", err)
	}
	return s.flush()
}

// end tells the browser that nothing more comes. What went wrong is for the
// log: the answer has long begun.
func (s *stream) end(err error) error {
	if sent := s.event("done", "end"); err == nil {
		return sent
	}
	return err
}
