package web

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/document"
	"tieout/app/flow"
	"tieout/app/flow/flowtest"
	"tieout/app/identity"
	"tieout/app/sheet"
)

// openBuyers is an office whose parcels go to persons; one was delivered.
func openBuyers(t *testing.T) (o *office, record int64) {
	t.Helper()
	o = openOffice(t)
	ring := flowtest.Ring(t, o.pool)
	needs := o.Flows.Needs
	needs.Documents, needs.Personal = document.NewSealedStore(o.pool, ring), ring
	o.server.Flows = flow.NewService(needs, flowtest.Addressed{Parcels: o.flow})
	o.Workbooks = sheet.NewBook(o.pool)
	require.NoError(t, o.register(o.exportRoutes()))
	require.NoError(t, o.Flows.Install(t.Context(), o.connection))
	require.Equal(t, o.flowAt(""), o.ops.post(o.flowAt("resume"), url.Values{"version": {"1"}}).to())
	o.flow.Tell(t, flowtest.Box("P-1", "Marta Mustermann", "kettle"), officeDay)
	o.run()
	return o, o.record("P-1")
}

func TestPersonalDataIsShownToWhoMaySeeItAndSaysWhy(t *testing.T) {
	t.Parallel()
	o, id := openBuyers(t)
	page, personal := fmt.Sprintf("/records/%d", id), fmt.Sprintf("/records/%d/personal", id)
	for _, b := range []*browser{o.ops, o.accountant, o.viewer} {
		shown := b.get(page).content()
		require.Contains(t, shown, "1 field")
		require.NotContains(t, shown, "Mustermann")
		require.NotContains(t, b.get("/parcels").content(), "Mustermann")
	}
	require.NotContains(t, o.accountant.get(page).content(), personal)
	for _, b := range []*browser{o.accountant, o.viewer, o.approver} {
		require.Equal(t, http.StatusForbidden, b.get(personal).StatusCode)
		require.Equal(t, http.StatusForbidden, b.post(personal, url.Values{"reason": {"I want to know it"}}).StatusCode)
	}
	require.Contains(t, o.ops.get(personal).content(), "What do you need it for?")
	require.Equal(t, http.StatusUnprocessableEntity, o.ops.post(personal, url.Values{"reason": {"so"}}).StatusCode)
	shown := o.ops.post(personal, url.Values{"reason": {"the carrier asks for the name"}})
	require.Equal(t, "no-store", shown.Header.Get("Cache-Control"))
	require.Contains(t, shown.content(), "Marta Mustermann")

	auditor := o.as(t, identity.Auditor)
	list := auditor.get("/admin/personal").content()
	require.Contains(t, list, "the carrier asks for the name")
	require.NotContains(t, list, "Mustermann")
	require.Equal(t, http.StatusForbidden, o.ops.get("/admin/personal").StatusCode)
	rows, err := auditor.workbook("/admin/personal/export.xlsx").file.GetRows("Accesses")
	require.NoError(t, err)
	require.Contains(t, fmt.Sprint(rows), "the carrier asks for the name")
	rows, err = o.ops.export("/parcels").file.GetRows("Parcels")
	require.NoError(t, err)
	require.Contains(t, fmt.Sprint(rows), "P-1")
	require.NotContains(t, fmt.Sprint(rows), "Mustermann")
	require.Equal(t, http.StatusForbidden, o.ops.get("/admin/personal/export.xlsx").StatusCode)
}

func TestTheAnswerAsItArrivedIsForWhoMaySeePersonalData(t *testing.T) {
	t.Parallel()
	o, id := openBuyers(t)
	record, err := o.Flows.Record(t.Context(), id)
	require.NoError(t, err)
	raw := fmt.Sprintf("/records/%d/documents/%d", id, record.Contents[0].DocumentID)
	require.Equal(t, http.StatusForbidden, o.accountant.get(raw).StatusCode)
	require.Equal(t, fmt.Sprintf("/records/%d/personal?document=%d", id, record.Contents[0].DocumentID), o.ops.get(raw).to())
	form := url.Values{"reason": {"compared with Seller Central"}, "document": {fmt.Sprint(record.Contents[0].DocumentID)}}
	require.Contains(t, o.ops.post(fmt.Sprintf("/records/%d/personal", id), form).body, "Marta Mustermann")
	require.Contains(t, o.as(t, identity.Auditor).get("/admin/personal").content(), fmt.Sprintf("document %d", record.Contents[0].DocumentID))
}

func TestErasedPersonalDataIsGoneAndThePageSaysWhy(t *testing.T) {
	t.Parallel()
	o, id := openBuyers(t)
	erase := fmt.Sprintf("/records/%d/erase", id)
	reason := url.Values{"reason": {"asked for by mail, ticket 7"}}
	require.Equal(t, http.StatusForbidden, o.ops.post(erase, reason).StatusCode)
	admin := o.as(t, identity.Admin)
	require.Contains(t, admin.get(erase).content(), "It cannot be brought back.")
	require.Equal(t, http.StatusUnprocessableEntity, admin.post(erase, url.Values{"reason": {"x"}}).StatusCode)
	require.Equal(t, fmt.Sprintf("/records/%d", id), admin.post(erase, reason).to())
	shown := o.ops.get(fmt.Sprintf("/records/%d", id)).content()
	require.Contains(t, shown, "Destroyed on")
	require.Contains(t, shown, "asked for by mail, ticket 7")
	again := o.ops.post(fmt.Sprintf("/records/%d/personal", id), url.Values{"reason": {"once more, please"}})
	require.Equal(t, http.StatusConflict, again.StatusCode)
}
