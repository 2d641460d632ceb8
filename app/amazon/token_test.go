package amazon_test

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"tieout/app/amazon"
	"tieout/app/fault"
)

func TestOneTokenIsAskedForHoweverManyCallersWait(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	const callers = 50
	var ready sync.WaitGroup
	ready.Add(callers)
	f.on("/token", func(w http.ResponseWriter, r *http.Request) {
		ready.Wait() // all callers have begun
		f.giveToken(w, r)
	})
	client := f.client()
	var group errgroup.Group
	for range callers {
		group.Go(func() error {
			ready.Done()
			_, err := client.Token(t.Context(), "")
			return err
		})
	}
	require.NoError(t, group.Wait())
	require.Equal(t, 1, f.called("/token"))
	require.Equal(t, url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {refreshToken}, "client_id": {"amzn1.application-oa2-client.1"}, "client_secret": {clientSecret},
	}, f.tokens[0])
}

func TestACallerThatGivesUpDoesNotFailTheOthers(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	asked, release := make(chan struct{}), make(chan struct{})
	f.on("/token", func(w http.ResponseWriter, r *http.Request) {
		close(asked)
		<-release
		f.giveToken(w, r)
	})
	client := f.client()
	impatient, leave := context.WithCancel(t.Context())
	var group errgroup.Group
	group.Go(func() error {
		_, err := client.Token(impatient, "")
		return err
	})
	<-asked
	leave()
	require.ErrorIs(t, group.Wait(), context.Canceled)
	group = errgroup.Group{}
	group.Go(func() error {
		_, err := client.Token(t.Context(), "")
		return err
	})
	close(release)
	require.NoError(t, group.Wait())
	require.Equal(t, 1, f.called("/token"))
}

func TestATokenIsRenewedBeforeItExpires(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	client := f.client()
	get := func() string {
		token, err := client.Token(t.Context(), "")
		require.NoError(t, err)
		return token
	}
	require.Equal(t, "Atza|1", get())
	f.clock.Advance(59*time.Minute - time.Second)
	require.Equal(t, "Atza|1", get())
	f.clock.Advance(time.Second)
	require.Equal(t, "Atza|2", get())
}

func TestATokenThatExpiresInFlightIsRenewedOnceForAll(t *testing.T) {
	t.Parallel()
	const callers = 12 // within the burst
	f := newFake(t)
	var first sync.WaitGroup
	first.Add(callers)
	var old atomic.Int32
	f.on(pathParticipations, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("x-amz-access-token") == "Atza|1" {
			if old.Add(1) <= callers {
				first.Done()
			}
			first.Wait() // all were sent with the old token
			refuse(403, "Unauthorized")(w, r)
			return
		}
		say(200, oneShop)(w, r)
	})
	client := f.client()
	var group errgroup.Group
	for range callers {
		group.Go(func() error {
			_, err := client.Participations(t.Context())
			return err
		})
	}
	require.NoError(t, group.Wait())
	require.Equal(t, 2, f.called("/token"))
}

func TestALateRefusalOfAnOldTokenLeavesTheNewOne(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	client := f.client()
	arrived, release := make(chan struct{}), make(chan struct{})
	f.on(pathReports+"/late", func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-release
		refuse(403, "Unauthorized")(w, r)
	}, refuse(404, "NotFound"))
	f.on(pathReports+"/early", refuse(403, "Unauthorized"), refuse(404, "NotFound"))
	var group errgroup.Group
	group.Go(func() error {
		_, err := client.Report(t.Context(), "late")
		return err
	})
	<-arrived
	_, err := client.Report(t.Context(), "early")
	require.Equal(t, fault.NotFound, fault.CodeOf(err))
	close(release)
	require.Equal(t, fault.NotFound, fault.CodeOf(group.Wait()))
	require.Equal(t, 2, f.called("/token"), "the first one and its successor")
}

func TestADeniedCallIsRepeatedOnceWithANewToken(t *testing.T) {
	t.Parallel()
	for _, status := range []int{401, 403} {
		f := newFake(t)
		f.on(pathReports+"/1", refuse(status, "Unauthorized"))
		_, err := f.client().Report(t.Context(), "1")
		require.Equal(t, fault.Forbidden, fault.CodeOf(err))
		var answered *amazon.Error
		require.ErrorAs(t, err, &answered)
		require.True(t, answered.Denied())
		require.Equal(t, 2, f.called(pathReports+"/1"))
		require.Equal(t, 2, f.called("/token"))
	}
}

func TestTokenFailures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answers []http.HandlerFunc
		code    fault.Code
		message string
		calls   int
	}{
		"revoked":   {[]http.HandlerFunc{say(400, `{"error":"invalid_grant","error_description":"The request has an invalid grant parameter : refresh_token"}`)}, fault.Unavailable, "re-authorise this connection", 1},
		"rotated":   {[]http.HandlerFunc{say(401, `{"error":"invalid_client","error_description":"Client authentication failed"}`)}, fault.Unavailable, "client id or secret", 1},
		"down":      {[]http.HandlerFunc{say(503, `busy`)}, fault.Unavailable, "cannot answer", 5},
		"reset":     {[]http.HandlerFunc{reset}, fault.Unavailable, "does not answer", 5},
		"empty":     {[]http.HandlerFunc{say(200, `{}`)}, fault.Unavailable, "does not answer", 5},
		"elsewhere": {[]http.HandlerFunc{say(307, ``, "Location", "/store/steal")}, fault.Unavailable, "refuses token", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.on("/token", c.answers...)
			_, err := f.client().Report(t.Context(), "1")
			require.Equal(t, c.code, fault.CodeOf(err), err)
			require.Contains(t, fault.MessageOf(err), c.message)
			require.Equal(t, c.calls, f.called("/token"), "how often it was tried")
			require.NotContains(t, err.Error(), "do-not-show")
		})
	}
}

func TestATokenEndpointThatRecoversIsEnough(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.on("/token", say(503, ""), reset, f.giveToken)
	token, err := f.client().Token(t.Context(), "")
	require.NoError(t, err)
	require.Equal(t, "Atza|1", token)
	require.Equal(t, 3, f.called("/token"))
}

func TestGrantlessTokensAreAskedForByScope(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	client := f.client()
	own, err := client.Token(t.Context(), "")
	require.NoError(t, err)
	grantless, err := client.Token(t.Context(), amazon.Notifications)
	require.NoError(t, err)
	require.NotEqual(t, own, grantless)
	require.Equal(t, url.Values{
		"grant_type": {"client_credentials"}, "scope": {"sellingpartnerapi::notifications"},
		"client_id": {"amzn1.application-oa2-client.1"}, "client_secret": {clientSecret},
	}, f.tokens[1], "never a refresh token and a scope at once")
}
