package web

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/exception"
	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/flow/flowtest"
	"tieout/app/sheet"
)

// openFlows is an office with a flow that two parcels went through and one is
// stuck in.
func openFlows(t *testing.T) *office {
	t.Helper()
	o := openOffice(t)
	require.NoError(t, o.Flows.Install(t.Context(), o.connection))
	fresh := o.ops.get(o.flowAt("")).content()
	require.Contains(t, fresh, "It has not begun yet.")
	require.Contains(t, fresh, "Begin")
	require.Equal(t, o.flowAt(""), o.ops.post(o.flowAt("resume"), url.Values{"version": {"1"}}).to())
	for i, p := range []flowtest.Parcel{flowtest.Box("P-1", "ann", "kettle"), flowtest.Box("P-2", "bob <b>", "kettle", "kettle"), flowtest.Box("P-3", "cyd", "mug")} {
		o.flow.Tell(t, p, officeDay.Add(time.Duration(i)*time.Minute))
	}
	o.run()
	return o
}

func (o *office) run() {
	o.t.Helper()
	require.NoError(o.t, o.Flows.Read(o.t.Context(), o.connection, "parcels", flow.OnSchedule, 0))
	o.work()
}

func (o *office) work() {
	o.t.Helper()
	require.NoError(o.t, o.Flows.Work(o.t.Context(), o.connection, "parcels"))
}

func (o *office) flowAt(action string) string {
	path := fmt.Sprintf("/flows/parcels/%d", o.connection)
	if action != "" {
		path += "/" + action
	}
	return path
}

func (o *office) record(key string) int64 {
	o.t.Helper()
	list, err := o.Flows.Records(o.t.Context(), "parcels", flow.Filter{Text: key, PageSize: 1})
	require.NoError(o.t, err)
	return list[0].ID
}

func TestAFlowShowsItsStepsRunsAndVersions(t *testing.T) {
	t.Parallel()
	o := openFlows(t)
	for _, path := range []string{"/flows", o.flowAt("")} {
		shown := o.viewer.get(path).content()
		for _, text := range []string{"Trigger", "Extract", "Map", "Check", "Deliver", "1 need a decision", "1 exception"} {
			require.Contains(t, shown, text, path)
		}
	}
	shown := o.viewer.get(o.flowAt("")).content()
	require.Contains(t, shown, "As shipped")
	require.NotContains(t, shown, o.flowAt("pause"), "a viewer reads only")
	require.Contains(t, o.ops.get(o.flowAt("")).content(), o.flowAt("pause"))
	require.Equal(t, http.StatusNotFound, o.viewer.get("/flows/orders/1").StatusCode)
	require.Equal(t, http.StatusNotFound, o.viewer.get("/flows/parcels/99").StatusCode)
}

func TestAFlowIsPausedWithAReasonAndResumed(t *testing.T) {
	t.Parallel()
	o := openFlows(t)
	require.Equal(t, http.StatusForbidden, o.accountant.post(o.flowAt("pause"), url.Values{"version": {"1"}, "reason": {"x"}}).StatusCode)
	require.Equal(t, http.StatusUnprocessableEntity, o.ops.post(o.flowAt("pause"), url.Values{"version": {"2"}, "reason": {" "}}).StatusCode)
	require.Equal(t, o.flowAt(""), o.ops.post(o.flowAt("pause"), url.Values{"version": {"2"}, "reason": {"Stock <count>."}}).to())
	shown := o.ops.get(o.flowAt("")).content()
	require.Contains(t, shown, "Paused by ops person")
	require.Contains(t, shown, "Stock &lt;count&gt;.")
	require.Equal(t, http.StatusConflict, o.ops.post(o.flowAt("resume"), url.Values{"version": {"2"}}).StatusCode, "the page is out of date")
	require.Equal(t, o.flowAt(""), o.ops.post(o.flowAt("resume"), url.Values{"version": {"3"}}).to())
	require.NotContains(t, o.ops.get(o.flowAt("")).content(), "Paused")
}

func TestAScheduleIsChecked(t *testing.T) {
	t.Parallel()
	o := openFlows(t)
	wrong := o.ops.post(o.flowAt("schedule"), url.Values{"version": {"2"}, "every": {"5"}, "overlap": {"x"}})
	require.Equal(t, http.StatusUnprocessableEntity, wrong.StatusCode)
	require.Contains(t, wrong.content(), "A whole number from 10 to 604800.")
	require.Equal(t, o.flowAt(""), o.ops.post(o.flowAt("schedule"), url.Values{"version": {"2"}, "every": {"120"}, "overlap": {"0"}}).to())
	state, err := o.Flows.Get(t.Context(), o.connection, "parcels")
	require.NoError(t, err)
	require.Equal(t, 2*time.Minute, state.Every)
}

func TestASourceIsReadAgainFromADay(t *testing.T) {
	t.Parallel()
	o := openFlows(t)
	require.Equal(t, http.StatusForbidden, o.accountant.post(o.flowAt("again"), url.Values{"version": {"2"}, "since": {"2026-11-01"}}).StatusCode)
	for _, day := range []string{"", "soon", "2027-01-01", "2019-01-01"} {
		require.Equal(t, http.StatusUnprocessableEntity, o.ops.post(o.flowAt("again"), url.Values{"version": {"2"}, "since": {day}}).StatusCode, day)
	}
	require.Equal(t, o.flowAt(""), o.ops.post(o.flowAt("again"), url.Values{"version": {"2"}, "since": {"2026-11-01"}}).to())
	state, err := o.Flows.Get(t.Context(), o.connection, "parcels")
	require.NoError(t, err)
	require.Equal(t, "2026-11-01", state.ReadUntil.Format(time.DateOnly))
	require.Equal(t, http.StatusConflict, o.ops.post(o.flowAt("again"), url.Values{"version": {"2"}, "since": {"2026-11-02"}}).StatusCode, "the page is out of date")
	o.run()
	require.NotContains(t, o.ops.get(o.flowAt("")).content(), "2 exceptions", "what is known already is left as it is")
}

func TestRecordsAreListedAndShownWithEverythingBehindThem(t *testing.T) {
	t.Parallel()
	o := openFlows(t)
	list := o.viewer.get("/parcels").content()
	for _, text := range []string{"P-1", "P-2", "P-3", "bob &lt;b&gt;", "Delivered", "Exception", "10.10"} {
		require.Contains(t, list, text)
	}
	require.NotContains(t, o.viewer.get("/parcels?state=exception").content(), "P-1")
	require.NotContains(t, o.viewer.get("/parcels?q=P-2").content(), "P-1")
	require.Contains(t, o.viewer.get("/parcels?q=none").content(), "Nothing here")
	require.Equal(t, http.StatusUnprocessableEntity, o.viewer.get("/parcels?state=else").StatusCode)

	require.Equal(t, http.StatusSeeOther, o.ops.post("/lists/parcels/columns", url.Values{"offered": {"title"}, "return": {"/parcels"}}).StatusCode)
	require.NotContains(t, o.ops.get("/parcels").content(), "bob &lt;b&gt;", "a column that was chosen away")
	require.Contains(t, list, "bob &lt;b&gt;")

	shown := o.viewer.get(fmt.Sprintf("/records/%d", o.record("P-2"))).content()
	for _, text := range []string{"BOB &lt;B&gt;", "K-P-2", "on its way", "delivered", "Content 1", "kettle", "20.2"} {
		require.Contains(t, shown, text)
	}
	stuck := o.viewer.get(fmt.Sprintf("/records/%d", o.record("P-3"))).content()
	require.Contains(t, stuck, "Somebody must decide.")
	require.Contains(t, stuck, "Not mapped yet")
	whole, err := o.Flows.Record(t.Context(), o.record("P-2"))
	require.NoError(t, err)
	document := fmt.Sprintf("/records/%d/documents/%d", whole.ID, whole.Contents[0].DocumentID)
	require.Contains(t, o.viewer.get(document).body, `"P-2"`)
	require.Equal(t, http.StatusNotFound, o.viewer.get(fmt.Sprintf("/records/%d/documents/99", whole.ID)).StatusCode)
	require.Equal(t, http.StatusNotFound, o.viewer.get("/records/99999").StatusCode)
}

func TestWhatWaitsOnACauseIsTriedAgainTogetherOrAlone(t *testing.T) {
	t.Parallel()
	o := openFlows(t)
	o.flow.Refuses = "the customer is unknown"
	o.flow.Tell(t, flowtest.Box("Q-1", "ann", "kettle"), officeDay.Add(time.Hour))
	o.flow.Tell(t, flowtest.Box("Q-2", "ann", "kettle"), officeDay.Add(2*time.Hour))
	o.run()
	e := o.open(exception.DeliveryRefused)[0]
	shown := o.ops.get(exceptionAt(e.ID, "")).content()
	for _, text := range []string{"Delivery refused", "Q-1", "Q-2", "2 records", "the customer is unknown", "20.20"} {
		require.Contains(t, shown, text)
	}
	require.Equal(t, http.StatusForbidden, o.viewer.post(exceptionAt(e.ID, "retry"), nil).StatusCode)
	o.flow.Refuses = ""
	require.Equal(t, exceptionAt(e.ID, ""), o.ops.post(exceptionAt(e.ID, "retry"), url.Values{"record": {fmt.Sprint(o.record("Q-2"))}}).to())
	o.work()
	require.Contains(t, o.flow.Held, "Q-2")
	require.NotContains(t, o.flow.Held, "Q-1")
	seen := o.exception(e.ID)
	o.ops.post("/exceptions/retry", url.Values{"exception": {fmt.Sprintf("%d.%d", seen.ID, seen.Version)}})
	under := o.viewer.get(exceptionAt(e.ID, "")).content()
	require.Contains(t, under, "0 of 1 record")
	require.Contains(t, under, `hx-trigger="every 2s"`, "everybody sees it happen")
	o.work()
	require.Contains(t, o.flow.Held, "Q-1")
	arrived := o.viewer.get(exceptionAt(e.ID, "")).content()
	require.Contains(t, arrived, "1 of 1 record")
	require.NotContains(t, arrived, "every 2s", "nothing is on its way any more")
	require.Equal(t, "resolved", o.exception(e.ID).State)
	require.Equal(t, http.StatusConflict, o.ops.post(exceptionAt(e.ID, "retry"), nil).StatusCode)
}

func TestAPersonSaysThatItIsNotThere(t *testing.T) {
	t.Parallel()
	o := openFlows(t)
	o.flow.Accepts, o.flow.Drop = true, 1
	o.flow.Tell(t, flowtest.Box("Q-1", "ann", "kettle"), officeDay.Add(time.Hour))
	o.run()
	for range 3 {
		o.exec(`UPDATE flow_record SET retry_at = NULL`)
		o.exec(`UPDATE flow SET held_until = NULL, failing_since = NULL`)
		o.work()
	}
	e := o.open(exception.DeliveryUnknown)[0]
	require.Contains(t, o.ops.get(exceptionAt(e.ID, "")).content(), "It is not there")
	require.Equal(t, http.StatusForbidden, o.viewer.post(exceptionAt(e.ID, "send"), nil).StatusCode)
	require.Contains(t, o.ops.post(exceptionAt(e.ID, "send"), url.Values{"reason": {"no"}}).content(), "at least 10 characters")
	require.Equal(t, exceptionAt(e.ID, ""), o.ops.post(exceptionAt(e.ID, "send"), url.Values{"reason": {"Looked under Q-1, it is not there."}}).to())
	o.work()
	require.Contains(t, o.flow.Held, "Q-1")
	require.Equal(t, "resolved", o.exception(e.ID).State)
}

func TestAMappingIsPreviewedTriedSavedAndUsed(t *testing.T) {
	t.Parallel()
	o := openFlows(t)
	editor := o.ops.get(o.flowAt("mapping?record=P-2")).content()
	for _, text := range []string{"upper(to)", "BOB &lt;B&gt;", "Holds", "Save as a new version"} {
		require.Contains(t, editor, text)
	}
	require.NotContains(t, o.viewer.get(o.flowAt("mapping")).content(), "Save as a new version")

	form := url.Values{"record": {"P-2"}, "field-0": {"id"}, "field-1": {`to + "!"`}, "field-2": {"price * 2"}, "field-3": {"thing.name"}, "field-4": {"thing.units"},
		"check-0-name": {"cheap"}, "check-0-list": {""}, "check-0-formula": {"price < 100"}, "check-0-message": {"It is dear."}, "check-0-severity": {"error"}}
	with := func(name, value string) url.Values {
		copied := url.Values{}
		for key, values := range form {
			copied[key] = values
		}
		copied.Set(name, value)
		return copied
	}
	preview := o.ops.post(o.flowAt("mapping/preview"), with("field", "field-1"))
	require.Equal(t, http.StatusOK, preview.StatusCode)
	require.Contains(t, preview.body, "bob &lt;b&gt;!")
	wrong := o.ops.post(o.flowAt("mapping/preview"), url.Values{"record": {"P-2"}, "field": {"field-1"}, "field-1": {"nobody"}}).body
	require.Contains(t, wrong, "Unknown name nobody")

	tried := o.ops.post(o.flowAt("mapping"), with("do", "try")).content()
	require.Contains(t, tried, "Tried on 3 records.")
	require.Contains(t, tried, "BOB &lt;B&gt;")
	require.Contains(t, o.ops.post(o.flowAt("mapping"), func() url.Values { f := with("do", "try"); f.Set("field-1", "price"); return f }()).content(), "but text is needed")

	require.Equal(t, http.StatusUnprocessableEntity, o.ops.post(o.flowAt("mapping"), with("do", "save")).StatusCode, "without a note")
	saved := with("do", "save")
	saved.Set("note", "Friendlier.")
	require.Equal(t, o.flowAt(""), o.ops.post(o.flowAt("mapping"), saved).to())
	require.Equal(t, o.flowAt(""), o.ops.post(o.flowAt("mapping/use"), url.Values{"number": {"2"}}).to())
	o.flow.Tell(t, flowtest.Box("P-9", "dan", "kettle"), officeDay.Add(time.Hour))
	o.run()
	require.Contains(t, o.flow.Held["P-9"][0], "dan!")

	broken := with("do", "save")
	broken.Set("note", "Second thing.")
	broken.Set("field-1", "things[1].name")
	require.Equal(t, o.flowAt(""), o.ops.post(o.flowAt("mapping"), broken).to())
	require.Contains(t, o.ops.post(o.flowAt("mapping/use"), url.Values{"number": {"3"}}).to(), "mapping?version=3")
	current, err := o.Flows.Version(t.Context(), o.connection, "parcels", 0)
	require.NoError(t, err)
	require.EqualValues(t, 2, current.Number, "a version that stops records is not used")
}

func TestAFlowThatWaitsSaysSo(t *testing.T) {
	t.Parallel()
	o := openFlows(t)
	o.flow.Down = fault.New(fault.Unavailable, "P21 cannot be reached now.")
	for range flow.Patience {
		o.exec(`UPDATE flow SET held_until = now() - interval '1 second' WHERE held_until IS NOT NULL`) // its time has come
		require.NoError(t, o.Flows.Read(t.Context(), o.connection, "parcels", flow.OnSchedule, 0))
	}
	shown := o.viewer.get(o.flowAt("")).content()
	require.Contains(t, shown, "The other side does not answer")
	require.Contains(t, shown, "P21 cannot be reached now.")
}

func TestRecordsGoOutToExcelAsTheyAreFiltered(t *testing.T) {
	t.Parallel()
	o := openFlows(t)
	o.Workbooks = sheet.NewBook(o.pool)
	require.NoError(t, o.register(o.exportRoutes()))
	require.Equal(t, http.StatusForbidden, o.viewer.get("/parcels/export.xlsx").StatusCode)
	rows, err := o.ops.export("/parcels?state=delivered").file.GetRows("Parcels")
	require.NoError(t, err)
	text := fmt.Sprint(rows)
	for _, shown := range []string{"P-1", "P-2", "K-P-1", "bob <b>", "10.1"} {
		require.Contains(t, text, shown)
	}
	require.NotContains(t, text, "P-3")
	rows, err = o.ops.export("/parcels").file.GetRows("Parcels")
	require.NoError(t, err)
	require.Contains(t, fmt.Sprint(rows), "line with mug")
}

func TestAFlowsSettingsAreChosenFromWhatItOffers(t *testing.T) {
	t.Parallel()
	o := openFlows(t)
	require.Contains(t, o.ops.get(o.flowAt("")).content(), "Size of boxes")
	state, err := o.Flows.Get(t.Context(), o.connection, "parcels")
	require.NoError(t, err)
	form := url.Values{"version": {fmt.Sprint(state.Version)}, "boxes": {"large"}}
	require.Equal(t, http.StatusForbidden, o.viewer.post(o.flowAt("settings"), form).StatusCode)
	require.Equal(t, o.flowAt(""), o.ops.post(o.flowAt("settings"), form).to())
	chosen, err := o.Flows.Setting(t.Context(), o.connection, "parcels", "boxes")
	require.NoError(t, err)
	require.Equal(t, "large", chosen)
	require.Equal(t, http.StatusConflict, o.ops.post(o.flowAt("settings"), form).StatusCode, "somebody was faster")
	form = url.Values{"version": {fmt.Sprint(state.Version + 1)}, "boxes": {"huge"}}
	require.Equal(t, http.StatusUnprocessableEntity, o.ops.post(o.flowAt("settings"), form).StatusCode)
}
