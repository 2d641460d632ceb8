package web

import (
	"bufio"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/fault"
	"tieout/app/identity"
	"tieout/views"
)

// work is a task that tests move on.
type work struct {
	mu    sync.Mutex
	state Task
}

func (w *work) set(change func(*Task)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(&w.state)
}

func (w *work) get(id string) (Task, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if id != "7" {
		return Task{}, fault.New(fault.NotFound, "There is no task %s.", id)
	}
	return w.state, nil
}

// watch opens the stream and returns its lines.
func watch(t *testing.T, b *browser, path string) (*http.Response, <-chan string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.site.url+path, nil)
	require.NoError(t, err)
	request.Header.Set("Accept", "text/event-stream")
	response, err := b.http.Do(request)
	require.NoError(t, err)
	t.Cleanup(func() { _ = response.Body.Close() })
	lines := make(chan string, 100)
	go func() {
		defer close(lines)
		scanner := bufio.NewScanner(response.Body)
		for scanner.Scan() {
			lines <- scanner.Text()
		}
	}()
	return response, lines
}

// until reads lines up to one that holds text.
func until(t *testing.T, lines <-chan string, text string) {
	t.Helper()
	for line := range lines {
		if strings.Contains(line, text) {
			return
		}
	}
	require.Fail(t, "the stream ended before", text)
}

func streaming(t *testing.T) (*site, *work) {
	t.Helper()
	task := &work{state: Task{Title: "Reading report", Unit: "lines", Total: 1000, Began: time.Now()}}
	return open(t, options{parts: func(d *Dependencies) { d.Tasks = tasks(task.get) }}), task
}

func TestProgressIsStreamedUntilTheWorkIsDone(t *testing.T) {
	t.Parallel()
	site, task := streaming(t)
	response, lines := watch(t, site.as(t, identity.Viewer), "/tasks/7/events")
	require.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
	until(t, lines, "0 of 1,000 lines")
	task.set(func(s *Task) { s.Done = 412 })
	until(t, lines, "412 of 1,000 lines")
	task.set(func(s *Task) { s.Done, s.Ended, s.Message, s.Link = 1000, time.Now(), "It ties out.", "/settlements/9" })
	until(t, lines, "/settlements/9")
	until(t, lines, "event: done")
	until(t, lines, "data: end")
	for range lines { //nolint:revive // the server closes the stream
	}
}

func TestAStreamEndsWhenTheProgramStops(t *testing.T) {
	t.Parallel()
	site, _ := streaming(t)
	_, lines := watch(t, site.as(t, identity.Viewer), "/tasks/7/events")
	until(t, lines, "0 of 1,000")
	site.stop()
	for range lines { //nolint:revive // the server closes the stream
	}
}

// TestAStreamEndsWhenThePersonMayNotSeeItAnyMore: the stream is open while a role,
// the connections or the session are taken away, and nothing new is told.
func TestAStreamEndsWhenThePersonMayNotSeeItAnyMore(t *testing.T) {
	t.Parallel()
	site, task := streaming(t)
	for name, change := range map[string][2]string{
		"role":        {`UPDATE person SET roles = '{}'`, `UPDATE person SET roles = '{viewer}'`},
		"connections": {`UPDATE person SET scoped = true`, `UPDATE person SET scoped = false`},
		"session":     {`UPDATE person SET signed_out_at = now() + interval '1 hour'`, `UPDATE person SET signed_out_at = NULL`},
	} {
		_, lines := watch(t, site.as(t, identity.Viewer), "/tasks/7/events")
		until(t, lines, "of 1,000 lines")
		_, err := site.pool.Exec(t.Context(), change[0])
		require.NoError(t, err)
		task.set(func(s *Task) { s.Done++; s.Title = "secret after " + name })
		ended := false
		for line := range lines {
			require.NotContains(t, line, "secret after "+name)
			ended = ended || strings.Contains(line, "event: done")
		}
		require.True(t, ended, name)
		_, err = site.pool.Exec(t.Context(), change[1])
		require.NoError(t, err)
		task.set(func(s *Task) { s.Title = "Reading report" })
	}
}

func TestATaskThatIsNotThereIsNotStreamed(t *testing.T) {
	t.Parallel()
	site, _ := streaming(t)
	response, _ := watch(t, site.as(t, identity.Viewer), "/tasks/8/events")
	require.Equal(t, http.StatusNotFound, response.StatusCode)
}

func TestProgressSaysHowFarHowFastAndHowLong(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	s := &server{Dependencies: Dependencies{Clock: fixed(now)}}
	began := now.Add(-10 * time.Second)
	for _, c := range []struct {
		name string
		task Task
		want views.Progress
	}{
		{"unknown total", Task{Unit: "lines", Began: began}, views.Progress{State: views.Info, Percent: -1, Done: "0 lines"}},
		{
			"halfway", Task{Unit: "lines", Done: 5000, Total: 10000, Began: began, Cancel: "/c"},
			views.Progress{State: views.Info, Percent: 50, Done: "5,000 of 10,000 lines", Rate: "500 lines/s", Left: "10 s left", Cancel: "/c"},
		},
		{
			"done", Task{Unit: "lines", Done: 10000, Total: 10000, Began: began, Ended: now, Cancel: "/c", Link: "/r"},
			views.Progress{State: views.Done, Percent: 100, Done: "10,000 of 10,000 lines", Rate: "1,000 lines/s", Link: views.Link{Text: "Show", Href: "/r"}},
		},
		{
			"failed", Task{Unit: "lines", Began: now, Ended: now, Failed: true, Message: "Unreadable."},
			views.Progress{State: views.Wrong, Percent: -1, Done: "0 lines", Message: "Unreadable."},
		},
	} {
		require.Equal(t, c.want, s.progress(c.task), c.name)
	}
}
