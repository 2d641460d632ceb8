package main

import (
	"bytes"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/document"
	"tieout/app/settlement"
	"tieout/cmd/sandbox/misbehave"
	"tieout/cmd/sandbox/seller"
)

const (
	// manyEntries are approved in one action.
	manyEntries = 500
	// p21Takes is what a request to P21 takes besides: its middleware answers in
	// tenths of a second.
	p21Takes = 100 * time.Millisecond
)

// BenchmarkApproveAndPost has a controller approve 500 entries in one action and
// waits until each is in P21. The baseline is the waiting for P21 alone: all its
// answers, as many at once as there are workers.
func BenchmarkApproveAndPost(b *testing.B) {
	s := startSiteThat(b, true, true)
	carl, err := newClerk(b.Context(), s.url, s.sandbox.Issuer, "carl.controller")
	require.NoError(b, err)
	us, round := s.connection(b, "us"), 0
	var approving, posting, inP21, inDatabase time.Duration
	for b.Loop() {
		round++
		s.submitMany(b, us, round)
		form := url.Values{"entry": s.waiting(b, carl), "return": {"/entries"}}
		_, err := s.sandbox.Plan.Add(misbehave.Rule{Side: "p21", Kind: misbehave.Delay, Delay: misbehave.Duration(p21Takes)})
		require.NoError(b, err)
		active := s.databaseTime(b)
		start := time.Now()
		led, err := carl.post(b.Context(), "/entries/approve", form)
		require.NoError(b, err)
		require.Contains(b, led.page, fmt.Sprintf("%d of %d entries approved", manyEntries, manyEntries))
		approving += time.Since(start)
		s.eventually(b, `SELECT count(*) = $1 FROM journal_entry WHERE status = 'posted'`, manyEntries*round)
		posting += time.Since(start)
		inP21 += time.Duration(s.sandbox.Plan.Rules()[0].Struck) * p21Takes
		inDatabase += s.databaseTime(b) - active
		s.sandbox.Plan.Clear()
		require.Len(b, s.sandbox.P21.Journals("ACME"), manyEntries*round, "each is in P21 once")
	}
	workers := time.Duration(s.config.Workers)
	b.ReportMetric(approving.Seconds()/float64(round), "approving-s")
	b.ReportMetric(posting.Seconds()/float64(round), "all-posted-s")
	b.ReportMetric(inDatabase.Seconds()/float64(round), "database-s")
	b.ReportMetric((inP21/workers).Seconds()/float64(round), "baseline-s")
	b.ReportMetric(posting.Seconds()/(inP21/workers).Seconds(), "ratio")
}

// submitMany drafts and submits as many entries, of small settlements.
func (s *site) submitMany(b *testing.B, connection int64, round int) {
	b.Helper()
	_, err := newClerk(b.Context(), s.url, s.sandbox.Issuer, "amy.accountant")
	require.NoError(b, err)
	amy := audit.Actor{PersonID: s.number(b, `SELECT id FROM person WHERE subject LIKE '%amy%'`), Name: "Amy"}
	for seed, submitted := uint64(1000*round), 0; submitted < manyEntries; seed++ {
		var report bytes.Buffer
		cycle := int(seed / 80) // an account's numbers repeat with every 80th seed
		require.NoError(b, seller.NewBooks(seller.Large(seed, s.sandbox.Now().AddDate(0, 0, -14*cycle), 100)).WriteReport(&report, cycle, seller.Whole))
		imported, err := s.settlements.Import(b.Context(), settlement.Source{ConnectionID: connection, Name: fmt.Sprint(seed), From: document.FromUpload, Actor: audit.Job("bench")}, &report)
		require.NoError(b, err)
		_, err = s.entries.Draft(b.Context(), imported.Settlements[0].ID, audit.Job("bench"))
		require.NoError(b, err)
		drafts, err := s.entries.OfSettlement(b.Context(), imported.Settlements[0].ID)
		require.NoError(b, err)
		for _, draft := range drafts {
			if submitted == manyEntries {
				break
			}
			entry, err := s.entries.Get(b.Context(), draft.ID)
			require.NoError(b, err)
			require.NoError(b, s.entries.Submit(b.Context(), entry.ID, entry.RowVersion, amy))
			submitted++
		}
	}
}

// waiting returns what the page of all that waits sends of each entry.
func (s *site) waiting(b *testing.B, controller *clerk) []string {
	b.Helper()
	page, err := controller.look(b.Context(), "/entries?state=waiting&rows=500")
	require.NoError(b, err)
	var marks []string
	for _, found := range entryMarks.FindAllStringSubmatch(page, -1) {
		marks = append(marks, found[1])
	}
	require.Len(b, marks, manyEntries)
	return marks
}

// databaseTime is how long PostgreSQL has worked on statements, all connections
// together.
func (s *site) databaseTime(b *testing.B) time.Duration {
	b.Helper()
	var ms float64
	require.NoError(b, s.pool.QueryRow(b.Context(), `SELECT active_time FROM pg_stat_database WHERE datname = current_database()`).Scan(&ms))
	return time.Duration(ms * float64(time.Millisecond))
}
