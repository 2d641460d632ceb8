package p21_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/fault"
	"tieout/app/p21"
	"tieout/app/p21/adapter"
	"tieout/cmd/sandbox/misbehave"
	sandbox "tieout/cmd/sandbox/p21"
)

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
			accounts, err := s.system.Accounts(t.Context())
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
		_, err := s.system.Accounts(t.Context())
		require.Equal(t, p21.Unavailable, p21.TypeOf(err))
		require.Equal(t, 5, s.faults.Rules()[0].Struck)
	})
}

func TestReadsDoNotWaitLongerThanIsBearable(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		s.fail(t, misbehave.Rule{Operation: sandbox.OpReadAccounts, Kind: misbehave.Status, Status: 429, Header: map[string]string{"Retry-After": "3600"}})
		_, err := s.system.Accounts(t.Context())
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
				_, err := s.system.Periods(t.Context())
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
			_, err := s.system.Periods(t.Context())
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
		_, err := s.system.PostJournal(t.Context(), entry("AMZ-1"))
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
		_, err := s.system.Periods(t.Context())
		require.NoError(t, err)
		s.clock.Advance(23 * time.Hour)
		_, err = s.system.Periods(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, s.server.SignIns(), "the life of the token was read from ExpiresIn")
	})
}

func TestSignInIsTriedAgain(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		s.fail(t, misbehave.Rule{Operation: sandbox.OpToken, Kind: misbehave.Status, Count: 2})
		s.fail(t, misbehave.Rule{Operation: sandbox.OpToken, Kind: misbehave.TruncatedPayload, Count: 1})
		_, err := s.system.PostJournal(t.Context(), entry("AMZ-1"))
		require.NoError(t, err)
	})
}

func TestAWrongAddressIsNotTakenForAServerWithoutJournals(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		s.config.URL += "/elsewhere"
		ledger, err := adapter.Open(name, s.config)
		require.NoError(t, err)
		_, err = ledger.FindJournal(t.Context(), "AMZ-1")
		require.Equal(t, p21.Unavailable, p21.TypeOf(err))
		require.Contains(t, fault.MessageOf(err), "404")
		if name == p21.SeedV2 {
			_, err = ledger.Capabilities(t.Context())
			require.Error(t, err)
		}
		_, err = ledger.PostJournal(t.Context(), entry("AMZ-1"))
		require.Equal(t, p21.NotSent, p21.OutcomeOf(err))
	})
}

func TestWrongPasswordIsNotTriedAgain(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name, func(_ *sandbox.Config, c *p21.Config) { c.Password = "wrong" })
		s.fail(t, misbehave.Rule{Operation: sandbox.OpToken, Kind: misbehave.Delay, Delay: 1})
		_, err := s.system.PostJournal(t.Context(), entry("AMZ-1"))
		require.Equal(t, p21.Unauthorized, p21.TypeOf(err))
		require.Equal(t, p21.NotSent, p21.OutcomeOf(err))
		require.Equal(t, 1, s.faults.Rules()[0].Struck)
		require.NotContains(t, err.Error(), "wrong", "the password never shows")
	})
}
