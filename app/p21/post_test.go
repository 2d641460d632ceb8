package p21_test

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/fault"
	"tieout/app/p21"
	"tieout/app/p21/adapter"
	"tieout/app/period"
	"tieout/cmd/sandbox/misbehave"
	sandbox "tieout/cmd/sandbox/p21"
)

func TestRefusalsAreFinalAndLeaveNothing(t *testing.T) {
	type refusal struct {
		change func(*p21.Journal)
		want   p21.Type
		words  string
	}
	refusals := map[string]refusal{
		"closed period":    {func(j *p21.Journal) { j.FiscalYear, j.Period = 2025, 3 }, p21.PeriodClosed, "closed"},
		"unknown account":  {func(j *p21.Journal) { j.Lines[1].Account = "9999-999" }, p21.Validation, "9999-999"},
		"inactive account": {func(j *p21.Journal) { j.Lines[2].Account = "4900-000" }, p21.Validation, "4900-000"},
		"unknown period":   {func(j *p21.Journal) { j.FiscalYear = 2040 }, p21.Validation, "2040"},
		"unbalanced":       {func(j *p21.Journal) { j.Lines[0].Debit = d("812.45") }, p21.Unbalanced, "1000.01"},
		"functionally unbalanced": {func(j *p21.Journal) {
			j.Lines[0].FunctionalDebit = d("0.01")
		}, p21.Unbalanced, "187.57"},
		"one line":          {func(j *p21.Journal) { j.Lines = j.Lines[:1] }, p21.Validation, "fewer than two"},
		"both sides":        {func(j *p21.Journal) { j.Lines[0].Credit = d("1") }, p21.Validation, "both"},
		"five decimals":     {func(j *p21.Journal) { j.Lines[0].Debit = d("0.00001") }, p21.Validation, "four decimals"},
		"negative":          {func(j *p21.Journal) { j.Lines[0].Debit = d("-1") }, p21.Validation, "negative"},
		"another company":   {func(j *p21.Journal) { j.Company = "ACMEUK" }, p21.Validation, "ACMEUK"},
		"no reference":      {func(j *p21.Journal) { j.Reference = "" }, p21.Validation, "Reference"},
		"long journal id":   {func(j *p21.Journal) { j.JournalID = "AMZ" }, p21.Validation, "JournalID"},
		"line of nothing":   {func(j *p21.Journal) { j.Lines = append(j.Lines, p21.Line{Account: "4110-000"}) }, p21.Validation, "zero"},
		"no currency":       {func(j *p21.Journal) { j.Currency = "" }, p21.Validation, "Currency"},
		"no date, no rate":  {func(j *p21.Journal) { j.Date, j.ExchangeRate = period.Date{}, d("0") }, p21.Validation, "Date"},
		"account too long":  {func(j *p21.Journal) { j.Lines[0].Account = "123456789012345678901234567890123" }, p21.Validation, "32 characters"},
		"company too long":  {func(j *p21.Journal) { j.Company = "ACMEACMEACME" }, p21.Validation, "8 characters"},
		"period of nothing": {func(j *p21.Journal) { j.Period = 0 }, p21.Validation, "Period"},
	}
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		for label, r := range refusals {
			j := entry("AMZ-1")
			r.change(&j)
			_, err := s.system.PostJournal(t.Context(), j)
			require.Error(t, err, label)
			require.Equal(t, r.want, p21.TypeOf(err), "%s: %v", label, err)
			require.Equal(t, p21.Refused, p21.OutcomeOf(err), "%s: %v", label, err)
			require.Contains(t, fault.MessageOf(err), r.words, label)
		}
		require.Empty(t, s.server.Journals(""))
	})
}

func TestSecondJournalWithTheSameReference(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		first, err := s.system.PostJournal(t.Context(), entry("AMZ-1"))
		require.NoError(t, err)
		_, err = s.system.PostJournal(t.Context(), entry("AMZ-1"))
		can, canErr := s.system.Capabilities(t.Context())
		require.NoError(t, canErr)
		found, findErr := s.system.FindJournal(t.Context(), "AMZ-1")
		require.NoError(t, findErr)
		if !can.RefusesDuplicates {
			require.NoError(t, err)
			require.Len(t, found, 2)
			require.Len(t, found[1].Lines, 3)
			require.NotEqual(t, found[0].Number, found[1].Number)
			return
		}
		require.Len(t, found, 1)
		var failure *p21.Error
		require.ErrorAs(t, err, &failure)
		require.Equal(t, p21.Duplicate, failure.Type)
		require.Equal(t, first.Number, failure.ExistingKey)
		require.Equal(t, p21.Unknown, p21.OutcomeOf(err), "it is there: look it up, do not call it refused")
	})
}

func TestOutcomeOfAFailedPostTellsWhatP21Holds(t *testing.T) {
	type failure struct {
		rule    misbehave.Rule
		want    p21.Outcome
		kind    p21.Type
		written bool
	}
	failures := map[string]failure{
		"reset before":        {misbehave.Rule{Kind: misbehave.Reset}, p21.Unknown, p21.Unavailable, false},
		"answer lost":         {misbehave.Rule{Kind: misbehave.ResetAfter}, p21.Unknown, p21.Unavailable, true},
		"500 after the write": {misbehave.Rule{Kind: misbehave.StatusAfter}, p21.Unknown, p21.Unavailable, true},
		"502 after the write": {misbehave.Rule{Kind: misbehave.StatusAfter, Status: 502}, p21.Unknown, p21.Unavailable, true},
		"409 after the write": {misbehave.Rule{Kind: misbehave.StatusAfter, Status: 409}, p21.Unknown, p21.Duplicate, true},
		"data layer failed": {misbehave.Rule{Kind: misbehave.StatusAfter, Body: `{"ErrorMessage":"CRUD Update error","ErrorType":"P21.DataAccess.PbNet.Common.PbService.P21ServerException"}`},
			p21.Unknown, p21.Unavailable, true},
		"answer breaks off": {misbehave.Rule{Kind: misbehave.TruncatedBody}, p21.Unknown, p21.Malformed, true},
		"answer is cut":     {misbehave.Rule{Kind: misbehave.TruncatedPayload}, p21.Unknown, p21.Malformed, true},
		"answer is another": {misbehave.Rule{Kind: misbehave.StatusAfter, Status: 200, Body: `null`}, p21.Unknown, p21.Malformed, true},
		"500 before":        {misbehave.Rule{Kind: misbehave.Status, Status: 500}, p21.Unknown, p21.Unavailable, false},
		"503":               {misbehave.Rule{Kind: misbehave.Status, Status: 503}, p21.Unknown, p21.Unavailable, false},
		"429":               {misbehave.Rule{Kind: misbehave.Status, Status: 429, Header: map[string]string{"Retry-After": "7"}}, p21.NotSent, p21.RateLimited, false},
		"redirect":          {misbehave.Rule{Kind: misbehave.Status, Status: 307, Header: map[string]string{"Location": "https://elsewhere.example/"}}, p21.NotSent, p21.Unavailable, false},
		"no such route":     {misbehave.Rule{Kind: misbehave.Status, Status: 404}, p21.NotSent, p21.Unavailable, false},
		"token unknown":     {misbehave.Rule{Kind: misbehave.ExpiredToken}, p21.NotSent, p21.Unauthorized, false},
		"forbidden":         {misbehave.Rule{Kind: misbehave.Status, Status: 403}, p21.NotSent, p21.Unauthorized, false},
		"business rule": {misbehave.Rule{Kind: misbehave.Status, Status: 500, Body: `{"ErrorMessage":"Journal AZ is inactive","ErrorType":"P21.Business.Common.BusinessException"}`},
			p21.Refused, p21.Business, false},
		"does not balance": {misbehave.Rule{Kind: misbehave.Status, Status: 500, Body: `{"ErrorMessage":"Records do not balance","ErrorType":"P21.Business.Common.BusinessException"}`},
			p21.Refused, p21.Unbalanced, false},
		"period closed": {misbehave.Rule{Kind: misbehave.Status, Status: 500, Body: `{"ErrorMessage":"The period is closed","ErrorType":"P21.Business.Common.BusinessException"}`},
			p21.Refused, p21.PeriodClosed, false},
		"bad request": {misbehave.Rule{Kind: misbehave.Status, Status: 400}, p21.Refused, p21.Validation, false},
	}
	both(t, func(t *testing.T, name string) {
		for label, f := range failures {
			s := open(t, name)
			_, err := s.system.Accounts(t.Context()) // a connection that a careless client would reuse and resend on
			require.NoError(t, err)
			f.rule.Operation = sandbox.OpPostJournal
			s.fail(t, f.rule)
			_, err = s.system.PostJournal(t.Context(), entry("AMZ-1"))
			require.Error(t, err, label)
			require.Equal(t, f.want, p21.OutcomeOf(err), "%s: %v", label, err)
			require.Equal(t, f.kind, p21.TypeOf(err), "%s: %v", label, err)
			held := 0
			if f.written {
				held = 1
			}
			require.Len(t, s.server.Journals("ACME"), held, label)
			struck := s.faults.Rules()[0].Struck
			if label == "token unknown" {
				require.Equal(t, 2, struck, "one new sign-in, one more try")
				continue
			}
			require.Equal(t, 1, struck, "%s: a write is sent once", label)
		}
	})
}

func TestNothingIsSentWhenTheServerCannotBeReached(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		closed := httptest.NewServer(nil)
		closed.Close()
		ledger, err := adapter.Open(name, p21.Config{URL: closed.URL, Company: "ACME", FunctionalCurrency: "USD", ClientSecret: "x", Pause: time.Millisecond})
		require.NoError(t, err)
		_, err = ledger.PostJournal(t.Context(), entry("AMZ-1"))
		require.Equal(t, p21.NotSent, p21.OutcomeOf(err))
		require.Equal(t, p21.Unavailable, p21.TypeOf(err))
		require.True(t, fault.Is(err, fault.Unavailable))
		require.Contains(t, fault.MessageOf(err), "cannot be reached")
	})
}

func TestGivingUpBeforeSendingIsNotSent(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := s.system.PostJournal(ctx, entry("AMZ-1"))
		require.Equal(t, p21.NotSent, p21.OutcomeOf(err))
		require.ErrorIs(t, err, context.Canceled)
		require.Empty(t, s.server.Journals("ACME"))
	})
}

func TestGivingUpWhileWaitingForTheAnswerIsUnknown(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s := open(t, name, func(there *sandbox.Config, _ *p21.Config) { there.OnPost = func(sandbox.Journal) { cancel() } })
		s.fail(t, misbehave.Rule{Operation: sandbox.OpPostJournal, Kind: misbehave.SlowBody, Pieces: 2, Delay: misbehave.Duration(time.Hour)})
		_, err := s.system.PostJournal(ctx, entry("AMZ-1"))
		require.Equal(t, p21.Unknown, p21.OutcomeOf(err))
		require.ErrorIs(t, err, context.Canceled)
		require.Len(t, s.server.Journals("ACME"), 1)
	})
}

func TestNoAnswerInTimeIsSaidSo(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		s.fail(t, misbehave.Rule{Kind: misbehave.Delay, Delay: misbehave.Duration(time.Hour)})
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := s.system.PostJournal(ctx, entry("AMZ-1"))
		require.Equal(t, p21.NotSent, p21.OutcomeOf(err), "the sign-in hung")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Contains(t, fault.MessageOf(err), "no answer in time")
	})
}

func TestNativeRefusesACurrencyThatP21DoesNotHave(t *testing.T) {
	t.Parallel()
	s := open(t, p21.Native)
	j := foreign("AMZ-1")
	j.Currency = "CHF"
	_, err := s.system.PostJournal(t.Context(), j)
	require.Equal(t, p21.Validation, p21.TypeOf(err))
	require.Contains(t, fault.MessageOf(err), "CHF")
}

func TestFailedPreflightIsNotSent(t *testing.T) {
	t.Parallel()
	for _, rule := range []misbehave.Rule{{Kind: misbehave.Status}, {Kind: misbehave.Status, Status: 404}, {Kind: misbehave.Status, Status: 400}, {Kind: misbehave.TruncatedPayload}} {
		s := open(t, p21.Native)
		rule.Operation = sandbox.OpReadPeriods
		s.fail(t, rule)
		_, err := s.system.PostJournal(t.Context(), entry("AMZ-1"))
		require.Equal(t, p21.NotSent, p21.OutcomeOf(err), "%v", err)
		require.Empty(t, s.server.Journals(""))
	}
}
