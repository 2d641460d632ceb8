package main

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/invariant"
	"tieout/cmd/sandbox/misbehave"
	p21stand "tieout/cmd/sandbox/p21"
)

// worker starts the real program as a worker process.
func (s *site) worker(t *testing.T, program string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(program, "work")
	cmd.Env = append(os.Environ(), s.environ...)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may be gone already
		_ = cmd.Wait()
	})
	return cmd
}

func (s *site) actor(t *testing.T, name, role string) audit.Actor {
	t.Helper()
	return audit.Actor{Name: name, PersonID: s.number(t, `INSERT INTO person (issuer, subject, name, roles) VALUES ('test', $1, $1, ARRAY[$2]) RETURNING id`, name, role)}
}

// approveNext submits and approves a draft of a connection that speaks through
// the adapter; its posting waits for a worker.
func (s *site) approveNext(t *testing.T, adapter string, prepares, approves audit.Actor) int64 {
	t.Helper()
	id := s.number(t, `SELECT e.id FROM journal_entry e JOIN connection c ON c.id = e.connection_id WHERE e.status = 'draft' AND c.p21_adapter = $1 ORDER BY e.id LIMIT 1`, adapter)
	e, err := s.entries.Get(t.Context(), id)
	require.NoError(t, err)
	require.NoError(t, s.entries.Submit(t.Context(), id, e.RowVersion, prepares))
	e, err = s.entries.Get(t.Context(), id)
	require.NoError(t, err)
	done, err := s.entries.Approve(t.Context(), id, e.ContentHash, time.Now(), approves)
	require.NoError(t, err)
	require.True(t, done)
	return id
}

// TestOneJournalWhereverTheProcessIsKilled runs the real program as a worker
// and kills it with signal 9 at each step of the write protocol: while P21 is
// asked, before the journal is written, after it is written and before the
// answer is read, and while it is read back.
func TestOneJournalWhereverTheProcessIsKilled(t *testing.T) {
	t.Parallel()
	program := realProgram(t)
	s := startSiteThat(t, false, true)
	first := s.worker(t, program)
	s.eventually(t, `SELECT count(*) FILTER (WHERE p21_adapter = 'seedv2') > 5 AND count(*) FILTER (WHERE p21_adapter = 'native') > 4
		FROM journal_entry e JOIN connection c ON c.id = e.connection_id WHERE e.status = 'draft'`)
	s.eventually(t, `SELECT count(*) = 0 FROM river_job WHERE kind IN ('draft', 'redraft', 'fetch_report') AND state NOT IN ('completed', 'cancelled', 'discarded')`)
	require.NoError(t, first.Process.Kill())
	amy, carl := s.actor(t, "amy", "accountant"), s.actor(t, "carl", "approver")

	long := misbehave.Duration(time.Minute)
	steps := []misbehave.Rule{
		{Operation: p21stand.OpFindJournal, Kind: misbehave.Delay, Delay: long},
		{Operation: p21stand.OpPostJournal, Kind: misbehave.Delay, Delay: long},
		{Operation: p21stand.OpPostJournal, Kind: misbehave.SlowBody, Delay: long},
		{Operation: p21stand.OpReadJournal, Kind: misbehave.Delay, Delay: long},
	}
	var ids []int64
	for _, adapter := range []string{"seedv2", "native"} {
		for _, step := range steps {
			ids = append(ids, s.approveNext(t, adapter, amy, carl))
			_, err := s.sandbox.Plan.Add(step)
			require.NoError(t, err)
			killed := s.worker(t, program)
			require.Eventually(t, func() bool { rules := s.sandbox.Plan.Rules(); return len(rules) == 1 && rules[0].Struck > 0 }, time.Minute, 20*time.Millisecond, "%s %v", adapter, step)
			require.NoError(t, killed.Process.Kill())
			_, _ = killed.Process.Wait() // it was killed
			s.sandbox.Plan.Clear()
			_, err = s.pool.Exec(t.Context(), `UPDATE outbound_message SET held_until = now() WHERE state NOT IN ('confirmed', 'refused', 'unknown')`)
			require.NoError(t, err)
		}
	}
	s.worker(t, program)
	for _, id := range ids {
		s.eventually(t, `SELECT status IN ('posted', 'unknown') FROM journal_entry WHERE id = $1`, id)
		e, err := s.entries.Get(t.Context(), id)
		require.NoError(t, err)
		if e.Status == "unknown" {
			require.Empty(t, s.sandbox.P21.ByReference(e.Company, e.Reference), "what is there is found")
			require.NoError(t, s.entries.SendAgain(t.Context(), id, "looked in the journal window, it is not there", carl))
			s.eventually(t, `SELECT status = 'posted' FROM journal_entry WHERE id = $1`, id)
		}
		require.Len(t, s.sandbox.P21.ByReference(e.Company, e.Reference), 1, e.Reference)
	}
	checks, err := invariant.Verify(t.Context(), s.pool, rebuilt(s.pool))
	require.NoError(t, err)
	for _, c := range checks {
		require.True(t, c.Holds(), "%s: %v", c.Name, c.Examples)
	}
}
