package p21_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
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

// site is a stand-in behind a socket and a system that talks to it.
type site struct {
	system p21.System
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
		Clock: s.clock, Zone: time.UTC, Pause: time.Millisecond,
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
	s.system, err = adapter.Open(adapterName, here)
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
		steps := s.system.Check(t.Context())
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
		steps := wrongPassword.system.Check(t.Context())
		require.Len(t, steps, 1)
		require.False(t, steps[0].OK)
		require.Contains(t, steps[0].Detail, "Invalid username or password")

		wrongCompany := open(t, name, func(_ *sandbox.Config, c *p21.Config) { c.Company = "NOBODY" })
		steps = wrongCompany.system.Check(t.Context())
		require.Len(t, steps, 2)
		require.True(t, steps[0].OK)
		require.Contains(t, steps[1].Detail, "NOBODY has no active account")
	})
}

func TestChartOfAccountsComesWhole(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		accounts, err := s.system.Accounts(t.Context())
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
		calendar, err := s.system.Periods(t.Context())
		require.NoError(t, err)
		require.Equal(t, s.server.Periods("ACME"), calendar)
		require.Len(t, calendar, 48)
		december, ok := calendar.Find(period.Date{Year: 2026, Month: 12, Day: 31})
		require.True(t, ok)
		require.Equal(t, 12, december.Number)
		require.False(t, december.Closed)
		require.True(t, calendar[0].Closed)

		require.NoError(t, s.server.ClosePeriod("ACME", 2026, 12, true))
		calendar, err = s.system.Periods(t.Context())
		require.NoError(t, err)
		december, _ = calendar.Find(period.Date{Year: 2026, Month: 12, Day: 31})
		require.True(t, december.Closed)
	})
}

func TestPostedJournalIsFoundAndReadBackEqual(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		for _, j := range []p21.Journal{entry("AMZ-1-2026-11-1"), foreign("AMZ-2-2026-11-1"), entry("AMZ-O'Hara & Söhne/1")} {
			none, err := s.system.FindJournal(t.Context(), j.Reference)
			require.NoError(t, err)
			require.Empty(t, none)

			posted, err := s.system.PostJournal(t.Context(), j)
			require.NoError(t, err)
			require.NotEmpty(t, posted.Number)
			require.Empty(t, p21.Difference(j, posted))

			found, err := s.system.FindJournal(t.Context(), j.Reference)
			require.NoError(t, err)
			require.Len(t, found, 1)
			require.Equal(t, posted.Number, found[0].Number)
			require.Empty(t, p21.Difference(j, found[0]))
			require.Equal(t, j.Currency, found[0].Currency)
			require.True(t, j.ExchangeRate.Equal(found[0].ExchangeRate))

			read, err := s.system.ReadJournal(t.Context(), posted.Number)
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

func TestTheGeneralLedgerIsReadByAccountAndPeriod(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		can, err := s.system.Capabilities(t.Context())
		require.NoError(t, err)
		require.True(t, can.LedgerRead)
		for _, reference := range []string{"AMZ-1", "AMZ-2", "AMZ-O'Hara"} {
			_, err := s.system.PostJournal(t.Context(), entry(reference))
			require.NoError(t, err)
		}
		abroad, err := s.system.PostJournal(t.Context(), foreign("AMZ-3"))
		require.NoError(t, err)
		lines, err := s.system.AccountLines(t.Context(), sandbox.Clearing, 2026, 11)
		require.NoError(t, err)
		require.Len(t, lines, 4)
		require.Equal(t, "AMZ-O'Hara", lines[2].Reference)
		require.Equal(t, period.Date{Year: 2026, Month: 11, Day: 20}, lines[2].Date)
		require.Equal(t, abroad.Number, lines[3].Number)
		require.Equal(t, "13.35", lines[3].Amount.String(), "functional")
		require.Equal(t, "2450.67", p21.Movement(lines).String(), "debits are above zero")
		credits, err := s.system.AccountLines(t.Context(), "4110-000", 2026, 11)
		require.NoError(t, err)
		require.Equal(t, "-3006.67", p21.Movement(credits).String())
		for _, none := range [][2]int{{2026, 10}, {2025, 11}} {
			lines, err := s.system.AccountLines(t.Context(), sandbox.Clearing, none[0], none[1])
			require.NoError(t, err)
			require.Empty(t, lines)
		}
	})
}

func TestALongLedgerIsReadPageByPage(t *testing.T) {
	t.Parallel()
	s := open(t, p21.SeedV2)
	for n := range 450 {
		_, err := s.server.Enter(sandbox.Journal{Company: "ACME", Reference: fmt.Sprint("CR-", n), JournalID: "CR", Date: "2026-11-05", Period: 11, FiscalYear: 2026, Currency: "USD", Lines: []sandbox.Line{
			{Number: 1, Account: sandbox.Bank, Debit: d("1"), FunctionalDebit: d("1")}, {Number: 2, Account: sandbox.Clearing, Credit: d("1"), FunctionalCredit: d("1")}}})
		require.NoError(t, err)
	}
	lines, err := s.system.AccountLines(t.Context(), sandbox.Clearing, 2026, 11)
	require.NoError(t, err)
	require.Len(t, lines, 450)
	require.Equal(t, "-450", p21.Movement(lines).String())
}

func TestUnknownNumberIsNotFound(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		_, err := s.system.ReadJournal(t.Context(), "999999")
		require.Equal(t, p21.NotFound, p21.TypeOf(err))
		require.True(t, fault.Is(err, fault.NotFound))
	})
}

func TestCreditPositiveSitesGetTheOtherSign(t *testing.T) {
	t.Parallel()
	s := open(t, p21.Native, func(there *sandbox.Config, here *p21.Config) { there.CreditPositive, here.CreditPositive = true, true })
	j := entry("AMZ-1")
	posted, err := s.system.PostJournal(t.Context(), j)
	require.NoError(t, err)
	require.Empty(t, p21.Difference(j, posted))
	require.Equal(t, "812.44", s.server.Journals("ACME")[0].Lines[0].Debit.String())
}

func TestServerWithoutJournalReadIsRecognised(t *testing.T) {
	t.Parallel()
	s := open(t, p21.SeedV2, func(c *sandbox.Config, _ *p21.Config) { c.NoJournalRead = true })
	can, err := s.system.Capabilities(t.Context())
	require.NoError(t, err)
	require.Equal(t, p21.Capabilities{JournalRead: false, RefusesDuplicates: true}, can)
	posted, err := s.system.PostJournal(t.Context(), entry("AMZ-1"))
	require.NoError(t, err)
	require.NotEmpty(t, posted.Number)
	_, err = s.system.FindJournal(t.Context(), "AMZ-1")
	require.Error(t, err)
	steps := s.system.Check(t.Context())
	require.True(t, steps[3].OK)
	require.Contains(t, steps[3].Detail, "cannot be asked")
}

func TestCapabilitiesAreNotGuessedWhileTheServerIsDown(t *testing.T) {
	t.Parallel()
	s := open(t, p21.SeedV2)
	s.fail(t, misbehave.Rule{Operation: sandbox.OpFindJournal, Kind: misbehave.Status, Count: 5})
	_, err := s.system.Capabilities(t.Context())
	require.Error(t, err)
	can, err := s.system.Capabilities(t.Context())
	require.NoError(t, err)
	require.True(t, can.JournalRead)
}

func TestConfigurationIsChecked(t *testing.T) {
	t.Parallel()
	good := p21.Config{URL: "https://p21.example.com", Company: "ACME", FunctionalCurrency: "USD", ClientSecret: "x"}
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
	nameless := good
	nameless.FunctionalCurrency = ""
	_, err := adapter.Open(p21.Native, nameless)
	require.True(t, fault.Is(err, fault.Invalid))
	_, err = adapter.Open("sap", good)
	require.Error(t, err)
	require.True(t, errors.As(err, new(*p21.Error)))
}
