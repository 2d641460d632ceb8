package p21_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/clock"
	"tieout/app/fault"
	"tieout/app/p21"
	"tieout/app/p21/adapter"
	"tieout/app/period"
	"tieout/cmd/sandbox/misbehave"
	sandbox "tieout/cmd/sandbox/p21"
)

// site is a stand-in behind a socket and a ledger that talks to it.
type site struct {
	ledger p21.Ledger
	server *sandbox.Server
	faults *misbehave.Plan
	clock  *clock.Fixed
	config p21.Config
	name   string // of the adapter
}

type option func(*sandbox.Config, *p21.Config)

func open(t *testing.T, adapterName string, options ...option) *site {
	t.Helper()
	s := &site{faults: misbehave.New(1), clock: clock.NewFixed(time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)), name: adapterName}
	there := sandbox.Config{Clock: s.clock, Seed: 1, Faults: s.faults}
	here := p21.Config{
		Company: "ACME", FunctionalCurrency: "USD", Username: sandbox.DemoUser, Password: sandbox.DemoPassword,
		Clock: s.clock, Pause: time.Millisecond,
	}
	for _, set := range options {
		set(&there, &here)
	}
	server, err := sandbox.New(there)
	require.NoError(t, err)
	listening := httptest.NewServer(server)
	t.Cleanup(listening.Close)
	here.URL = listening.URL
	s.server, s.config = server, here
	s.ledger, err = adapter.Open(adapterName, here)
	require.NoError(t, err)
	return s
}

func (s *site) fail(t *testing.T, rule misbehave.Rule) {
	t.Helper()
	_, err := s.faults.Add(rule)
	require.NoError(t, err)
}

// both runs one test against both adapters.
func both(t *testing.T, test func(t *testing.T, adapterName string)) {
	t.Parallel()
	for _, name := range []string{p21.SeedV2, p21.Native} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, name)
		})
	}
}

func d(text string) decimal.Decimal { return decimal.RequireFromString(text) }

// entry is a journal of three lines in USD.
func entry(reference string) p21.Journal {
	line := func(n int, account, debit, credit string) p21.Line {
		return p21.Line{Number: n, Account: account, Debit: d(debit), Credit: d(credit), FunctionalDebit: d(debit), FunctionalCredit: d(credit), Description: "Line " + account}
	}
	return p21.Journal{
		Company: "ACME", Reference: reference, JournalID: "AZ", Date: period.Date{Year: 2026, Month: 11, Day: 20}, Period: 11, FiscalYear: 2026,
		Currency: "USD", FunctionalCurrency: "USD", ExchangeRate: d("1"), Description: "Amazon settlement 12345678901",
		Lines: []p21.Line{line(1, sandbox.Clearing, "812.44", "0"), line(2, "6110-000", "187.56", "0"), line(3, "4110-000", "0", "1000.00")},
	}
}

// foreign is a journal in GBP of a USD company, with a line that only corrects rounding.
func foreign(reference string) p21.Journal {
	j := entry(reference)
	j.Currency, j.ExchangeRate = "GBP", d("1.333333")
	j.Lines = []p21.Line{
		{Number: 1, Account: sandbox.Clearing, Debit: d("10.01"), FunctionalDebit: d("13.35")},
		{Number: 2, Account: "4110-000", Credit: d("5.005"), FunctionalCredit: d("6.67")},
		{Number: 3, Account: "4120-000", Credit: d("5.005"), FunctionalCredit: d("6.67")},
		{Number: 4, Account: sandbox.Rounding, FunctionalCredit: d("0.01")},
	}
	return j
}

func TestCheckSaysWhatWorks(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		steps := s.ledger.Check(t.Context())
		require.Len(t, steps, 4)
		for _, step := range steps {
			require.True(t, step.OK, step.Name)
			require.NotEmpty(t, step.Detail)
		}
		require.Contains(t, steps[1].Detail, "active")
		require.Contains(t, steps[2].Detail, "2026-11, is open")
	})
}

func TestCheckStopsAtTheStepThatFails(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		wrongPassword := open(t, name, func(_ *sandbox.Config, c *p21.Config) { c.Password = "wrong" })
		steps := wrongPassword.ledger.Check(t.Context())
		require.Len(t, steps, 1)
		require.False(t, steps[0].OK)
		require.Contains(t, steps[0].Detail, "Invalid username or password")

		wrongCompany := open(t, name, func(_ *sandbox.Config, c *p21.Config) { c.Company = "NOBODY" })
		steps = wrongCompany.ledger.Check(t.Context())
		require.Len(t, steps, 2)
		require.True(t, steps[0].OK)
		require.Contains(t, steps[1].Detail, "NOBODY has no active account")
	})
}

func TestChartOfAccountsComesWhole(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		accounts, err := s.ledger.Accounts(t.Context())
		require.NoError(t, err)
		chart := sandbox.ChartOfAccounts()
		require.Len(t, accounts, len(chart))
		for i, want := range chart {
			require.Equal(t, p21.Account{
				Number: want.Number, Description: want.Description, Type: want.Type, Active: !want.Closed, Control: want.Control != "",
			}, accounts[i])
		}
	})
}

func TestPeriodsAreCalendarMonthsWithoutAdjustments(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		calendar, err := s.ledger.Periods(t.Context())
		require.NoError(t, err)
		require.Equal(t, s.server.Periods("ACME"), calendar)
		require.Len(t, calendar, 48)
		december, ok := calendar.Find(period.Date{Year: 2026, Month: 12, Day: 31})
		require.True(t, ok)
		require.Equal(t, 12, december.Number)
		require.False(t, december.Closed)
		require.True(t, calendar[0].Closed)

		require.NoError(t, s.server.ClosePeriod("ACME", 2026, 12, true))
		calendar, err = s.ledger.Periods(t.Context())
		require.NoError(t, err)
		december, _ = calendar.Find(period.Date{Year: 2026, Month: 12, Day: 31})
		require.True(t, december.Closed)
	})
}

func TestPostedJournalIsFoundAndReadBackEqual(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		for _, j := range []p21.Journal{entry("AMZ-1-2026-11-1"), foreign("AMZ-2-2026-11-1"), entry("AMZ-O'Hara & Söhne/1")} {
			none, err := s.ledger.FindJournal(t.Context(), j.Reference)
			require.NoError(t, err)
			require.Empty(t, none)

			posted, err := s.ledger.PostJournal(t.Context(), j)
			require.NoError(t, err)
			require.NotEmpty(t, posted.Number)
			require.Empty(t, p21.Difference(j, posted))

			found, err := s.ledger.FindJournal(t.Context(), j.Reference)
			require.NoError(t, err)
			require.Len(t, found, 1)
			require.Equal(t, posted.Number, found[0].Number)
			require.Empty(t, p21.Difference(j, found[0]))
			require.Equal(t, j.Currency, found[0].Currency)
			require.True(t, j.ExchangeRate.Equal(found[0].ExchangeRate))

			read, err := s.ledger.ReadJournal(t.Context(), posted.Number)
			require.NoError(t, err)
			require.Empty(t, p21.Difference(j, read))
			require.False(t, read.FunctionalUnknown)
			require.Equal(t, s.clock.Now(), read.PostedAt)
			require.Len(t, s.server.ByReference("ACME", j.Reference), 1)
		}
		held := s.server.ByReference("ACME", "AMZ-2-2026-11-1")[0]
		require.Equal(t, "5.005", held.Lines[1].Credit.String(), "decimals arrive digit by digit")
	})
}

func TestUnknownNumberIsNotFound(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		_, err := s.ledger.ReadJournal(t.Context(), "999999")
		require.Equal(t, p21.NotFound, p21.TypeOf(err))
		require.True(t, fault.Is(err, fault.NotFound))
	})
}

func TestCreditPositiveSitesGetTheOtherSign(t *testing.T) {
	t.Parallel()
	s := open(t, p21.Native, func(there *sandbox.Config, here *p21.Config) { there.CreditPositive, here.CreditPositive = true, true })
	j := entry("AMZ-1")
	posted, err := s.ledger.PostJournal(t.Context(), j)
	require.NoError(t, err)
	require.Empty(t, p21.Difference(j, posted))
	require.Equal(t, "812.44", s.server.Journals("ACME")[0].Lines[0].Debit.String())
}

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
			_, err := s.ledger.PostJournal(t.Context(), j)
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
		first, err := s.ledger.PostJournal(t.Context(), entry("AMZ-1"))
		require.NoError(t, err)
		_, err = s.ledger.PostJournal(t.Context(), entry("AMZ-1"))
		can, canErr := s.ledger.Capabilities(t.Context())
		require.NoError(t, canErr)
		found, findErr := s.ledger.FindJournal(t.Context(), "AMZ-1")
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
			_, err := s.ledger.Accounts(t.Context()) // a connection that a careless client would reuse and resend on
			require.NoError(t, err)
			f.rule.Operation = sandbox.OpPostJournal
			s.fail(t, f.rule)
			_, err = s.ledger.PostJournal(t.Context(), entry("AMZ-1"))
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
		_, err := s.ledger.PostJournal(ctx, entry("AMZ-1"))
		require.Equal(t, p21.NotSent, p21.OutcomeOf(err))
		require.ErrorIs(t, err, context.Canceled)
		require.Empty(t, s.server.Journals("ACME"))
	})
}

func TestTimeoutWhileWaitingForTheAnswerIsUnknown(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		_, err := s.ledger.Accounts(t.Context())
		require.NoError(t, err)
		s.fail(t, misbehave.Rule{Operation: sandbox.OpPostJournal, Kind: misbehave.SlowBody, Pieces: 2, Delay: misbehave.Duration(time.Hour)})
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		_, err = s.ledger.PostJournal(ctx, entry("AMZ-1"))
		require.Equal(t, p21.Unknown, p21.OutcomeOf(err))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Len(t, s.server.Journals("ACME"), 1)
	})
}

func TestReadsAreTriedAgain(t *testing.T) {
	rules := map[string]misbehave.Rule{
		"500":           {Kind: misbehave.Status, Status: 500},
		"503":           {Kind: misbehave.Status},
		"429":           {Kind: misbehave.Status, Status: 429},
		"reset":         {Kind: misbehave.Reset},
		"lost":          {Kind: misbehave.ResetAfter},
		"breaks off":    {Kind: misbehave.TruncatedBody},
		"cut":           {Kind: misbehave.TruncatedPayload},
		"expired token": {Kind: misbehave.ExpiredToken},
	}
	both(t, func(t *testing.T, name string) {
		for label, rule := range rules {
			s := open(t, name)
			rule.Operation, rule.Count = sandbox.OpReadAccounts, 2
			if rule.Kind == misbehave.ExpiredToken {
				rule.Count = 1
			}
			s.fail(t, rule)
			accounts, err := s.ledger.Accounts(t.Context())
			require.NoError(t, err, label)
			require.NotEmpty(t, accounts, label)
			require.Equal(t, rule.Count, s.faults.Rules()[0].Struck, label)
		}
	})
}

func TestReadsGiveUpAfterFiveTries(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		s.fail(t, misbehave.Rule{Operation: sandbox.OpReadAccounts, Kind: misbehave.Status})
		_, err := s.ledger.Accounts(t.Context())
		require.Equal(t, p21.Unavailable, p21.TypeOf(err))
		require.Equal(t, 5, s.faults.Rules()[0].Struck)
	})
}

func TestReadsDoNotWaitLongerThanIsBearable(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		s.fail(t, misbehave.Rule{Operation: sandbox.OpReadAccounts, Kind: misbehave.Status, Status: 429, Header: map[string]string{"Retry-After": "3600"}})
		_, err := s.ledger.Accounts(t.Context())
		var failure *p21.Error
		require.ErrorAs(t, err, &failure)
		require.Equal(t, p21.RateLimited, failure.Type)
		require.Equal(t, time.Hour, failure.RetryAfter)
		require.Equal(t, 1, s.faults.Rules()[0].Struck)
	})
}

func TestManyCallersShareOneSignIn(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		var group sync.WaitGroup
		errs := make(chan error, 20)
		for range 20 {
			group.Go(func() {
				_, err := s.ledger.Periods(t.Context())
				errs <- err
			})
		}
		group.Wait()
		close(errs)
		for err := range errs {
			require.NoError(t, err)
		}
		require.Equal(t, 1, s.server.SignIns())
	})
}

func TestTokenIsRenewedBeforeItEndsAndWhenItIsLost(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		read := func() {
			_, err := s.ledger.Periods(t.Context())
			require.NoError(t, err)
		}
		read()
		s.clock.Advance(23*time.Hour + 54*time.Minute)
		read()
		require.Equal(t, 1, s.server.SignIns())
		s.clock.Advance(2 * time.Minute)
		read()
		require.Equal(t, 2, s.server.SignIns(), "five minutes before the end")

		s.server.ExpireTokens()
		_, err := s.ledger.PostJournal(t.Context(), entry("AMZ-1"))
		require.NoError(t, err)
		require.Equal(t, 3, s.server.SignIns())
		require.Len(t, s.server.Journals("ACME"), 1)
	})
}

func TestSignInTakesConsumerKeysAndXML(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name, func(there *sandbox.Config, here *p21.Config) {
			there.TokenXML = true
			here.Password, here.ClientSecret = "", sandbox.DemoClientSecret
		})
		_, err := s.ledger.Periods(t.Context())
		require.NoError(t, err)
		s.clock.Advance(23 * time.Hour)
		_, err = s.ledger.Periods(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, s.server.SignIns(), "the life of the token was read from ExpiresIn")
	})
}

func TestWrongPasswordIsNotTriedAgain(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name, func(_ *sandbox.Config, c *p21.Config) { c.Password = "wrong" })
		s.fail(t, misbehave.Rule{Operation: sandbox.OpToken, Kind: misbehave.Delay, Delay: 1})
		_, err := s.ledger.PostJournal(t.Context(), entry("AMZ-1"))
		require.Equal(t, p21.Unauthorized, p21.TypeOf(err))
		require.Equal(t, p21.NotSent, p21.OutcomeOf(err))
		require.Equal(t, 1, s.faults.Rules()[0].Struck)
		require.NotContains(t, err.Error(), "wrong", "the password never shows")
	})
}

func TestServerWithoutJournalReadIsRecognised(t *testing.T) {
	t.Parallel()
	s := open(t, p21.SeedV2, func(c *sandbox.Config, _ *p21.Config) { c.NoJournalRead = true })
	can, err := s.ledger.Capabilities(t.Context())
	require.NoError(t, err)
	require.Equal(t, p21.Capabilities{JournalRead: false, RefusesDuplicates: true}, can)
	posted, err := s.ledger.PostJournal(t.Context(), entry("AMZ-1"))
	require.NoError(t, err)
	require.NotEmpty(t, posted.Number)
	_, err = s.ledger.FindJournal(t.Context(), "AMZ-1")
	require.Error(t, err)
	steps := s.ledger.Check(t.Context())
	require.True(t, steps[3].OK)
	require.Contains(t, steps[3].Detail, "cannot be asked")
}

func TestCapabilitiesAreNotGuessedWhileTheServerIsDown(t *testing.T) {
	t.Parallel()
	s := open(t, p21.SeedV2)
	s.fail(t, misbehave.Rule{Operation: sandbox.OpFindJournal, Kind: misbehave.Status, Count: 5})
	_, err := s.ledger.Capabilities(t.Context())
	require.Error(t, err)
	can, err := s.ledger.Capabilities(t.Context())
	require.NoError(t, err)
	require.True(t, can.JournalRead)
}

func TestNativeRefusesACurrencyThatP21DoesNotHave(t *testing.T) {
	t.Parallel()
	s := open(t, p21.Native)
	j := foreign("AMZ-1")
	j.Currency = "CHF"
	_, err := s.ledger.PostJournal(t.Context(), j)
	require.Equal(t, p21.Validation, p21.TypeOf(err))
	require.Contains(t, fault.MessageOf(err), "CHF")
}

func TestFailedPreflightIsNotSent(t *testing.T) {
	t.Parallel()
	for _, rule := range []misbehave.Rule{{Kind: misbehave.Status}, {Kind: misbehave.Status, Status: 404}, {Kind: misbehave.Status, Status: 400}, {Kind: misbehave.TruncatedPayload}} {
		s := open(t, p21.Native)
		rule.Operation = sandbox.OpReadPeriods
		s.fail(t, rule)
		_, err := s.ledger.PostJournal(t.Context(), entry("AMZ-1"))
		require.Equal(t, p21.NotSent, p21.OutcomeOf(err), "%v", err)
		require.Empty(t, s.server.Journals(""))
	}
}

func TestConfigurationIsChecked(t *testing.T) {
	t.Parallel()
	good := p21.Config{URL: "https://p21.example.com", Company: "ACME", ClientSecret: "x"}
	for label, change := range map[string]func(*p21.Config){
		"address": func(c *p21.Config) { c.URL = "p21.example.com" },
		"company": func(c *p21.Config) { c.Company = "" },
		"nobody":  func(c *p21.Config) { c.ClientSecret = "" },
	} {
		cfg := good
		change(&cfg)
		for _, name := range []string{p21.SeedV2, p21.Native} {
			ledger, err := adapter.Open(name, cfg)
			require.True(t, fault.Is(err, fault.Invalid), label)
			require.Nil(t, ledger, label)
		}
	}
	_, err := adapter.Open("sap", good)
	require.Error(t, err)
	require.True(t, errors.As(err, new(*p21.Error)))
}
