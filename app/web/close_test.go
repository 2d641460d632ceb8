package web

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/clock"
	"tieout/app/closing"
	"tieout/app/insight"
	"tieout/app/sheet"
	"tieout/cmd/sandbox/seller"
)

// openClosing is an office in which the period 2026-10 can be closed with waivers.
func openClosing(t *testing.T) (*office, closing.Key) {
	t.Helper()
	o := openOffice(t)
	o.Closing = closing.NewService(closing.Needs{Pool: o.pool, Clock: clock.NewFixed(officeDay), Jobs: o})
	o.Workbooks, o.Insight = sheet.NewBook(o.pool), insight.NewReader(o.pool)
	require.NoError(t, o.register([]Route{{GET, "/close/export.xlsx", "export", o.closeListExport, 0}, {GET, "/close/:connection/:period/export.xlsx", "export", o.closeExport, 0}}))
	o.load(20, seller.Whole)
	return o, closing.Key{ConnectionID: o.connection, FiscalYear: 2026, Number: 10}
}

var waiverField = regexp.MustCompile(`name="(waive-[a-z0-9-]+)"`)

func TestAPeriodIsClosedOnItsPageByTwoPeopleAndReopened(t *testing.T) {
	t.Parallel()
	o, key := openClosing(t)
	path := closePath(key, "")
	o.shows("/close", "2026-10", "Open")
	shown := o.accountant.get(path)
	require.Contains(t, shown.body, "Settlements cover the period")
	require.Contains(t, shown.body, "Every amount has an entry")
	form := url.Values{"note": {"Month end."}}
	require.Equal(t, http.StatusForbidden, o.approver.post(path+"/request", form).StatusCode)
	again := o.accountant.post(path+"/request", form)
	require.Equal(t, http.StatusUnprocessableEntity, again.StatusCode)
	require.Contains(t, again.body, "say why the period may be closed all the same")
	for _, field := range waiverField.FindAllStringSubmatch(shown.body, -1) {
		form.Set(field[1], "Agreed with the controller.")
	}
	require.Greater(t, len(form), 1, "something is in the way")
	require.Equal(t, path, o.accountant.post(path+"/request", form).to())
	o.shows(path, "Waits for approval", "Agreed with the controller.", "Month end.", "As it was when")
	o.shows("/close?state=requested", "2026-10")

	hash := func() url.Values {
		w, err := o.Closing.Get(t.Context(), key)
		require.NoError(t, err)
		return url.Values{"hash": {hex.EncodeToString(w.Attempts[0].Hash)}}
	}
	require.Equal(t, http.StatusForbidden, o.accountant.post(path+"/approve", hash()).StatusCode)
	require.Equal(t, http.StatusUnprocessableEntity, o.approver.post(path+"/refuse", url.Values{"reason": {" "}}).StatusCode)
	require.Equal(t, path, o.accountant.post(path+"/withdraw", nil).to())
	require.Equal(t, http.StatusConflict, o.approver.post(path+"/approve", hash()).StatusCode)
	require.Equal(t, path, o.accountant.post(path+"/request", form).to())
	require.Equal(t, path, o.approver.post(path+"/refuse", url.Values{"reason": {"Wait for the bank."}}).to())
	o.shows(path, "Wait for the bank.")
	require.Equal(t, path, o.accountant.post(path+"/request", form).to())
	require.Contains(t, o.approver.get(path).body, "waived")
	require.Equal(t, path, o.approver.post(path+"/approve", hash()).to())
	o.shows(path, "Closed", "Nothing is written into this period any more", "Closed by")
	require.Equal(t, http.StatusConflict, o.approver.post(path+"/approve", hash()).StatusCode)

	for _, at := range []string{"/close/export.xlsx?state=closed", path + "/export.xlsx"} {
		require.Equal(t, http.StatusOK, o.accountant.get(at).StatusCode, at)
		require.Equal(t, http.StatusForbidden, o.viewer.get(at).StatusCode, at)
	}
	require.Equal(t, http.StatusForbidden, o.accountant.post(path+"/reopen", url.Values{"reason": {"A late invoice."}}).StatusCode)
	require.Equal(t, path, o.approver.post(path+"/reopen", url.Values{"reason": {"A late invoice."}}).to())
	o.shows(path, "Reopened", "A late invoice.")
	for _, none := range []string{closePath(closing.Key{ConnectionID: o.connection, FiscalYear: 1999, Number: 1}, ""), "/close/9999/2026-10", fmt.Sprintf("/close/%d/october", o.connection)} {
		require.Equal(t, http.StatusNotFound, o.accountant.get(none).StatusCode, none)
	}
}

func TestAFreshSignInIsAskedForBeforeAPeriodIsClosed(t *testing.T) {
	t.Parallel()
	o, key := openClosing(t)
	o.Closing = closing.NewService(closing.Needs{Pool: o.pool, Clock: clock.NewFixed(officeDay), Jobs: o})
	w, err := o.Closing.Get(t.Context(), key)
	require.NoError(t, err)
	waivers := map[string]string{}
	for _, i := range w.Now.InTheWay() {
		waivers[i.Key] = "Agreed."
	}
	require.NoError(t, o.Closing.Request(t.Context(), key, "", waivers, o.actor(o.accountant)))
	o.exec(`UPDATE policy SET fresh_sign_in_minutes = 1`)
	o.Clock = clock.NewFixed(time.Now().Add(time.Hour))
	require.Contains(t, o.approver.get(closePath(key, "")).body, "Sign in again to close")
}
