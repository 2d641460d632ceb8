package server_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"tieout/app/amazon"
	"tieout/app/identity"
	"tieout/app/mapping"
	"tieout/app/settlement/report"
	"tieout/cmd/sandbox/misbehave"
	"tieout/cmd/sandbox/p21"
	"tieout/cmd/sandbox/server"
)

var began = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func start(t *testing.T, change ...func(*server.Config)) *server.Server {
	t.Helper()
	cfg := server.Config{Addr: "127.0.0.1:0", OIDCAddr: "127.0.0.1:0", Seed: 7, OrdersPerDay: 8, PublicURL: "http://127.0.0.1:8080", Started: began}
	for _, c := range change {
		c(&cfg)
	}
	s, err := server.Start(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func client(t *testing.T, c server.Connection) *amazon.Client {
	t.Helper()
	made, err := amazon.New(amazon.Config{Key: c.Name, Endpoint: c.AmazonURL, LWAURL: c.LWAURL, ClientID: c.ClientID,
		ClientSecret: amazon.Hide(c.ClientSecret), RefreshToken: amazon.Hide(c.RefreshToken)})
	require.NoError(t, err)
	return made
}

// settlements downloads every listed report of a connection: hash by
// settlement, which ties out.
func settlements(t *testing.T, c server.Connection) map[string]string {
	t.Helper()
	found, from := map[string]string{}, client(t, c)
	for r, err := range from.Reports(t.Context(), amazon.ReportQuery{Types: []string{amazon.SettlementReport}, MarketplaceIDs: c.MarketplaceIDs[:1]}) {
		require.NoError(t, err)
		document, err := from.Download(t.Context(), r.DocumentID)
		require.NoError(t, err)
		d, err := report.Describe(t.Context(), document, report.Options{})
		require.NoError(t, err)
		require.NoError(t, document.Close())
		require.Empty(t, d.Problems)
		require.Equal(t, "0.00", d.Settlements[0].Difference)
		require.Equal(t, c.Currency, d.Settlements[0].Currency)
		found[d.Settlements[0].ID] = d.SHA256
	}
	return found
}

func TestEveryConnectionsReportsComeOverTheSocketAndTieOut(t *testing.T) {
	t.Parallel()
	s := start(t)
	connections := s.Connections()
	require.Len(t, connections, 3)
	seen := map[string]bool{}
	for _, c := range connections {
		found := settlements(t, c)
		require.GreaterOrEqual(t, len(found), 5)
		for id := range found {
			require.False(t, seen[id], "settlement %s belongs to one seller", id)
			seen[id] = true
		}
		participations, err := client(t, c).Participations(t.Context())
		require.NoError(t, err)
		require.Len(t, participations, len(c.MarketplaceIDs))
	}
	for _, u := range s.Amazon.Usage() {
		require.Zero(t, u.Refused, u.Operation)
	}
}

func TestAConnectionIsCompleteForTheProgram(t *testing.T) {
	t.Parallel()
	chart := map[string]p21.Account{}
	for _, a := range p21.ChartOfAccounts() {
		chart[a.Number] = a
	}
	adapters := map[string]bool{}
	for _, c := range start(t).Connections() {
		adapters[c.P21Adapter] = true
		require.NotEmpty(t, c.Title)
		require.NotEmpty(t, c.SellerID)
		_, err := time.LoadLocation(c.TimeZone)
		require.NoError(t, err)
		company := slices.IndexFunc(p21.DefaultCompanies(), func(known p21.Company) bool { return known.ID == c.P21Company })
		require.GreaterOrEqual(t, company, 0, c.P21Company)
		require.Equal(t, p21.DefaultCompanies()[company].Currency, c.Currency)
		for _, id := range c.MarketplaceIDs {
			m, known := amazon.MarketplaceByID(id)
			require.True(t, known)
			require.Equal(t, c.Region, string(m.Region))
		}
		for _, slot := range mapping.AllSlots() {
			account, known := chart[c.Picks[slot.Name]]
			require.True(t, known, "slot %s has no account of the chart", slot.Name)
			require.False(t, account.Closed, slot.Name)
		}
	}
	require.Equal(t, map[string]bool{"seedv2": true, "native": true}, adapters, "both adapters are at work")
}

func TestP21AcceptsTheConnectionsCredentials(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.Connections()[0]
	sign := func(password string) int {
		body, err := json.Marshal(map[string]string{"username": c.P21Username, "password": password})
		require.NoError(t, err)
		answer, err := http.Post(c.P21URL+"/api/security/token/v2", "application/json", strings.NewReader(string(body)))
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		return answer.StatusCode
	}
	require.Equal(t, http.StatusOK, sign(c.P21Password))
	require.Equal(t, http.StatusUnauthorized, sign("guess"))
}

func TestGroupsGiveTheRolesThatPeopleHave(t *testing.T) {
	t.Parallel()
	roles, err := identity.ParseGroupRoles(server.GroupRoles)
	require.NoError(t, err)
	held := map[identity.Role]bool{}
	for _, p := range start(t).People() {
		var given []string
		for _, group := range p.Groups() {
			for _, g := range roles {
				if g.Group == group {
					given = append(given, string(g.Role))
					held[g.Role] = true
				}
			}
		}
		require.Equal(t, p.Roles, given, p.Username)
	}
	require.Len(t, held, len(identity.AllRoles()), "somebody for each role")
}

func TestPeopleSignInToTheProgram(t *testing.T) {
	t.Parallel()
	s := start(t)
	provider, err := oidc.NewProvider(t.Context(), s.Issuer)
	require.NoError(t, err)
	config := oauth2.Config{ClientID: server.ClientID, ClientSecret: server.ClientSecret, RedirectURL: "http://127.0.0.1:8080/sign-in/callback",
		Endpoint: provider.Endpoint(), Scopes: []string{"openid", "profile", "email"}}
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	browser := &http.Client{Jar: jar}
	page, err := browser.Get(config.AuthCodeURL("state", oauth2.S256ChallengeOption(oauth2.GenerateVerifier())))
	require.NoError(t, err)
	body, err := io.ReadAll(page.Body)
	require.NoError(t, err)
	require.NoError(t, page.Body.Close())
	for _, p := range s.People() {
		require.Contains(t, string(body), `id="login-`+p.Username+`"`)
	}
}

func TestARestartGoesOnWithTheSameHistoryAndClock(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "sandbox")
	keep := func(cfg *server.Config) { cfg.Data = dir }
	first := start(t, keep)
	before, books, now := settlements(t, first.Connections()[0]), first.P21.TrialBalance("ACME"), first.Now()
	require.NoError(t, first.P21.ClosePeriod("ACME", 2026, 11, true))
	require.NoError(t, first.Close())

	second := start(t, keep, func(cfg *server.Config) { cfg.Seed, cfg.OrdersPerDay, cfg.Started = 8, 99, time.Time{} })
	require.Equal(t, before, settlements(t, second.Connections()[0]), "the same reports to the byte, whatever is asked for now")
	require.Equal(t, books, second.P21.TrialBalance("ACME"))
	require.WithinRange(t, second.Now(), now, now.Add(5*time.Minute))
	for _, p := range second.P21.Periods("ACME") {
		if p.FiscalYear == 2026 && p.Number == 11 {
			require.True(t, p.Closed)
		}
	}
	require.Equal(t, first.Connections()[0].RefreshToken, second.Connections()[0].RefreshToken, "programs keep the credentials")
}

func TestTimePassesFasterAndANewSpeedGoesOnWhereTheClockWas(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := func(speed float64) (s *server.Server) {
		return start(t, func(cfg *server.Config) { cfg.Data, cfg.Speed = dir, speed })
	}
	fast := at(100_000) // a day in less than a second
	require.Eventually(t, func() bool { return fast.Now().Sub(began) > 24*time.Hour }, 10*time.Second, 5*time.Millisecond)
	require.NoError(t, fast.Close())
	reached := fast.Now()
	slow := at(1)
	now := slow.Now()
	require.False(t, now.Before(reached))
	require.Less(t, slow.Now().Sub(now), time.Minute)
}

func TestNewSettlementsArriveWhileItRuns(t *testing.T) {
	t.Parallel()
	s := start(t, func(cfg *server.Config) { cfg.Speed = 2_000_000 }) // a cycle in less than a second
	c := s.Connections()[0]
	newest := func() time.Time {
		for r, err := range client(t, c).Reports(t.Context(), amazon.ReportQuery{Types: []string{amazon.SettlementReport}}) {
			require.NoError(t, err)
			return r.DataEnd
		}
		return time.Time{}
	}
	first := newest()
	require.Eventually(t, func() bool { return newest().After(first) }, 20*time.Second, 200*time.Millisecond)
}

func TestStateThatCannotBeReadIsAnError(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "state.json"), []byte("{"), 0o600))
	_, err := server.Start(t.Context(), server.Config{Addr: "127.0.0.1:0", OIDCAddr: "127.0.0.1:0", Data: dir})
	require.ErrorContains(t, err, "state.json is no state of a sandbox")
}

func TestABusyPortNamesTheFlagThatChangesIt(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = taken.Close() }()
	busy := taken.Addr().String()
	_, err = server.Start(t.Context(), server.Config{Addr: busy, OIDCAddr: "127.0.0.1:0"})
	require.ErrorContains(t, err, busy+" is in use by another program; --sandbox-addr chooses another address")
	_, err = server.Start(t.Context(), server.Config{Addr: "127.0.0.1:0", OIDCAddr: busy})
	require.ErrorContains(t, err, busy+" is in use by another program; --oidc-addr chooses another address")
}

func TestTheControlsAreThere(t *testing.T) {
	t.Parallel()
	s := start(t)
	answer, err := http.Post(s.ControlURL+"/faults", "application/json", strings.NewReader(`{"side":"amazon","kind":"status","status":403,"count":1}`))
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusCreated, answer.StatusCode)
	require.Equal(t, misbehave.Status, s.Plan.Rules()[0].Kind)
	for _, path := range []string{"/p21/journals?company=ACME", "/p21/trial-balance?company=ACME", "/clock", "/amazon/usage"} {
		answer, err := http.Get(s.ControlURL + path)
		require.NoError(t, err)
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, http.StatusOK, answer.StatusCode, path)
		require.True(t, json.Valid(body), path)
	}
}

func TestClosingTwiceIsNoHarm(t *testing.T) {
	t.Parallel()
	s := start(t)
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	_, err := http.Get(s.ControlURL + "/clock")
	require.Error(t, err)
}
