package main

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// TestApprovingAsksForAFreshSignIn has somebody come back by single sign-on with
// a sign-in of two minutes ago, and then sign in again where the page leads.
func TestApprovingAsksForAFreshSignIn(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	carl := s.signIn(t, "carl.controller")
	s.eventually(t, `SELECT count(*) > 0 FROM journal_entry WHERE status = 'draft'`)
	s.settled(t)
	connection := s.connection(t, "us")
	amy, adam := s.signIn(t, "amy.accountant"), s.signIn(t, "adam.admin")
	version := s.number(t, `SELECT version FROM policy WHERE connection_id = $1`, connection)
	policy := adam.request(http.MethodPost, fmt.Sprintf("/admin/policies/%d", connection), fmt.Sprintf("version=%d&fresh_sign_in_minutes=1&closed_period=exception&rate_source=deposit_date&rounding_limit=1", version))
	require.Equal(t, http.StatusSeeOther, policy.StatusCode)
	entry := s.number(t, `SELECT min(id) FROM journal_entry WHERE status = 'draft' AND connection_id = $1`, connection)
	require.Equal(t, http.StatusSeeOther, amy.submit(entry).StatusCode)
	s.sandbox.Identity.Age(2 * time.Minute)
	carl.do(chromedp.Navigate(s.url+"/sign-in/start"), chromedp.WaitVisible(chromedp.CSS("#content")))

	t.Run("an older sign-in does not approve", func(t *testing.T) {
		answer := carl.approve(entry)
		to, err := url.Parse(answer.Header.Get("Location"))
		require.NoError(t, err)
		require.Equal(t, http.StatusSeeOther, answer.StatusCode)
		require.Equal(t, "1", to.Query().Get("fresh"), "it leads to a sign-in: %s", to)
		provider := carl.request(http.MethodGet, "/sign-in/start?"+to.RawQuery, "")
		asked, err := url.Parse(provider.Header.Get("Location"))
		require.NoError(t, err)
		require.Equal(t, "login", asked.Query().Get("prompt"))
		require.Equal(t, "0", asked.Query().Get("max_age"))
		_, err = s.pool.Exec(t.Context(), `INSERT INTO approval (entry_id, person_id, content_hash, signed_in_at)
			SELECT e.id, p.id, e.content_hash, now() - interval '61 seconds' FROM journal_entry e, person p WHERE e.id = $1 AND p.email LIKE 'carl.%'`, entry)
		require.ErrorContains(t, err, "needs a sign-in of the last 1 minutes")
		require.Zero(t, s.number(t, `SELECT count(*) FROM approval WHERE entry_id = $1`, entry))
	})

	t.Run("the page leads to the identity provider, and afterwards it works", func(t *testing.T) {
		carl.open("/entries/%d", entry)
		require.Contains(t, carl.text(), "Sign in again to approve")
		approve := fmt.Sprintf(`form[action="/entries/%d/approve"] button`, entry)
		carl.do(chromedp.Click(chromedp.CSS(`a[href^="/sign-in?"]`)), chromedp.WaitVisible(chromedp.CSS(`a[href^="/sign-in/start"]`)),
			chromedp.Click(chromedp.CSS(`a[href^="/sign-in/start"]`)), chromedp.WaitVisible(chromedp.CSS(`#login-carl\.controller`)),
			chromedp.Click(chromedp.CSS(`#login-carl\.controller`)), chromedp.WaitVisible(chromedp.CSS(approve)))
		carl.do(chromedp.Click(chromedp.CSS(approve)))
		s.eventually(t, `SELECT status = 'posted' FROM journal_entry WHERE id = $1`, entry)
		require.EqualValues(t, 1, s.number(t, `SELECT count(*) FROM approval WHERE entry_id = $1 AND voided_at IS NULL`, entry))
	})
}
