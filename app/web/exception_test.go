package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/document"
	"tieout/app/exception"
	"tieout/app/identity"
	"tieout/app/settlement"
	"tieout/cmd/sandbox/seller"
)

func exceptionAt(id int64, action string) string {
	return strings.TrimSuffix(fmt.Sprintf("/exceptions/%d/%s", id, action), "/")
}

// open returns the open exceptions of a class, the most money first.
func (o *office) open(class exception.Class) []exception.Exception {
	o.t.Helper()
	list, err := o.Exceptions.List(o.t.Context(), exception.Filter{Class: class, State: "open", Snoozed: true, PageSize: 100})
	require.NoError(o.t, err)
	return list
}

func (o *office) raise(class exception.Class, cause, amount string) int64 {
	o.t.Helper()
	id, err := exception.Raise(o.t.Context(), o.pool, exception.Raised{ConnectionID: o.connection, Class: class, Cause: cause, Title: "About " + cause,
		Amount: decimal.NewNullDecimal(decimal.RequireFromString(amount)), Currency: "USD", Detail: map[string]any{"reason": "because of " + cause, "count": 3}})
	require.NoError(o.t, err)
	return id
}

func (o *office) exception(id int64) exception.Exception {
	o.t.Helper()
	e, err := o.Exceptions.Get(o.t.Context(), id)
	require.NoError(o.t, err)
	return e
}

// version is what forms of an exception post.
func (o *office) version(id int64) string { return exceptionVersion(o.exception(id)) }

func TestExceptionsAreGroupedAndSortedByMoney(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	small, large := o.raise(exception.MissingRate, "small", "5"), o.raise(exception.MissingRate, "large", "-812.40")
	o.raise(exception.ChainBroken, "middle", "100")
	shown := o.viewer.get("/exceptions").content()
	for _, text := range []string{"Missing exchange rate", "Broken chain", "817.40", `href="/exceptions?class=missing_rate"`, exceptionAt(large, "")} {
		require.Contains(t, shown, text)
	}
	require.Less(t, strings.Index(shown, "Missing exchange rate"), strings.Index(shown, "Broken chain"), "the cause with the most money first")
	order := []int{strings.Index(shown, "About large"), strings.Index(shown, "About middle"), strings.Index(shown, "About small")}
	require.IsIncreasing(t, order)
	require.NotContains(t, shown, "/exceptions/assign", "a viewer reads only")
	require.Contains(t, o.ops.get("/exceptions").content(), fmt.Sprintf(`value="%d.%s"`, small, o.version(small)))

	one := o.viewer.get("/exceptions?class=chain_broken").content()
	require.Contains(t, one, "About middle")
	require.NotContains(t, one, "About large")
	next := o.viewer.get("/exceptions?after=" + nextKey("812.4", fmt.Sprint(large))).content()
	require.NotContains(t, next, "About large")
	require.Contains(t, next, "About middle")
	require.Contains(t, o.viewer.get("/exceptions?connection=999").content(), "No exception here")
	require.Equal(t, http.StatusUnprocessableEntity, o.viewer.get("/exceptions?class=else").StatusCode)
}

func TestAnExceptionIsWorkedOn(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	id := o.raise(exception.PostingRefused, "x", "10")
	read := o.viewer.get(exceptionAt(id, "")).content()
	require.Contains(t, read, "because of x")
	require.Contains(t, read, "Operations people and accountants work on exceptions; you may read them.")
	require.NotContains(t, read, exceptionAt(id, "assign"))

	require.Equal(t, exceptionAt(id, ""), o.ops.post(exceptionAt(id, "assign"), url.Values{"version": {o.version(id)}}).to())
	require.Equal(t, o.who[o.ops].ID, o.exception(id).AssignedTo)
	require.Contains(t, o.ops.get("/exceptions?assignee=me").content(), "About x")
	require.NotContains(t, o.ops.get("/exceptions?assignee=nobody").content(), "About x")
	require.Contains(t, o.viewer.get(fmt.Sprintf("/exceptions?assignee=%d", o.who[o.ops].ID)).content(), "About x")

	other := url.Values{"version": {o.version(id)}, "person": {fmt.Sprint(o.who[o.accountant].ID)}}
	require.Equal(t, exceptionAt(id, ""), o.ops.post(exceptionAt(id, "assign"), other).to())
	require.Equal(t, "accountant person", o.exception(id).AssignedName)
	wrong := url.Values{"version": {o.version(id)}, "person": {fmt.Sprint(o.who[o.viewer].ID)}}
	require.Equal(t, http.StatusUnprocessableEntity, o.ops.post(exceptionAt(id, "assign"), wrong).StatusCode)
	require.Equal(t, http.StatusConflict, o.ops.post(exceptionAt(id, "assign"), url.Values{"version": {"1"}}).StatusCode, "somebody was faster")

	require.Equal(t, exceptionAt(id, ""), o.approver.post(exceptionAt(id, "comment"), url.Values{"body": {"Ask <Epicor>."}}).to())
	shown := o.ops.get(exceptionAt(id, "")).content()
	require.Contains(t, shown, "Ask &lt;Epicor&gt;.")
	require.Contains(t, shown, "assigned")
	for _, b := range []*browser{o.viewer, o.approver} {
		require.Equal(t, http.StatusForbidden, b.post(exceptionAt(id, "ignore"), url.Values{"version": {o.version(id)}, "reason": {"no"}}).StatusCode)
	}
	require.Equal(t, http.StatusNotFound, o.ops.get("/exceptions/999999").StatusCode)
}

func TestASnoozedExceptionComesBack(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	id := o.raise(exception.MissingRate, "x", "10")
	today := o.Clock.Now().UTC().Format(time.DateOnly)
	for _, day := range []string{"", today, "2020-01-01", "soon"} {
		answer := o.ops.post(exceptionAt(id, "snooze"), url.Values{"version": {o.version(id)}, "until": {day}})
		require.Equal(t, http.StatusUnprocessableEntity, answer.StatusCode, day)
	}
	until := o.Clock.Now().UTC().AddDate(0, 0, 3).Format(time.DateOnly)
	require.Equal(t, exceptionAt(id, ""), o.ops.post(exceptionAt(id, "snooze"), url.Values{"version": {o.version(id)}, "until": {until}}).to())
	require.NotContains(t, o.ops.get("/exceptions").content(), "About x")
	require.Contains(t, o.ops.get("/exceptions?snoozed=1").content(), "Snoozed")
	o.exec(`UPDATE exception SET snoozed_until = now() - interval '1 minute' WHERE id = $1`, id)
	require.Contains(t, o.ops.get("/exceptions").content(), "About x")
}

func TestAnExceptionIsIgnoredWithAReason(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	id := o.raise(exception.MissingRate, "x", "10")
	none := o.ops.post(exceptionAt(id, "ignore"), url.Values{"version": {o.version(id)}, "reason": {""}})
	require.Equal(t, http.StatusUnprocessableEntity, none.StatusCode)
	require.Contains(t, none.content(), "Say why nobody has to decide this.")
	require.Equal(t, "open", o.exception(id).State)
	require.Equal(t, exceptionAt(id, ""), o.ops.post(exceptionAt(id, "ignore"), url.Values{"version": {o.version(id)}, "reason": {"a test of ours"}}).to())
	require.NotContains(t, o.ops.get("/exceptions").content(), exceptionAt(id, "")+`"`)
	ignored := o.ops.get("/exceptions?state=ignored").content()
	require.Contains(t, ignored, "About x")
	require.Contains(t, ignored, "a test of ours")
	require.NotContains(t, ignored, `type="checkbox" data-row`, "what is closed cannot be selected")
	closed := o.ops.get(exceptionAt(id, "")).content()
	require.Contains(t, closed, "ops person")
	require.NotContains(t, closed, exceptionAt(id, "ignore"))
}

func TestManyExceptionsAreWorkedOnAtOnce(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	a, b := o.raise(exception.MissingRate, "a", "1"), o.raise(exception.MissingRate, "b", "2")
	both := []string{fmt.Sprintf("%d.%s", a, o.version(a)), fmt.Sprintf("%d.%s", b, o.version(b))}
	require.Equal(t, "/exceptions?class=missing_rate", o.ops.post("/exceptions/assign", url.Values{"exception": both, "return": {"/exceptions?class=missing_rate"}}).to())
	require.Contains(t, o.ops.get("/exceptions").content(), "2 exceptions assigned to you")

	stale := []string{both[0], fmt.Sprintf("%d.%s", b, o.version(b))}
	require.Equal(t, "/exceptions", o.ops.post("/exceptions/snooze", url.Values{"exception": stale, "days": {"7"}}).to())
	shown := o.ops.get("/exceptions").content()
	require.Contains(t, shown, "1 of 2 exceptions snoozed")
	require.Contains(t, shown, "This exception changed while you looked at it.")
	require.Nil(t, o.exception(a).SnoozedUntil)
	require.NotNil(t, o.exception(b).SnoozedUntil)

	both = []string{fmt.Sprintf("%d.%s", a, o.version(a)), fmt.Sprintf("%d.%s", b, o.version(b))}
	asked := o.ops.post("/exceptions/ignore", url.Values{"exception": both, "return": {"/exceptions?state=any"}})
	require.Equal(t, http.StatusOK, asked.StatusCode)
	require.Contains(t, asked.content(), "Ignore 2 exceptions")
	require.NotContains(t, asked.content(), "Say why", "nothing is wrong yet")
	for _, mark := range both {
		require.Contains(t, asked.content(), `name="exception" value="`+mark+`"`)
	}
	require.Equal(t, http.StatusUnprocessableEntity, o.ops.post("/exceptions/ignore", url.Values{"exception": both, "reason": {" "}}).StatusCode)
	require.Equal(t, "/exceptions?state=any", o.ops.post("/exceptions/ignore", url.Values{"exception": both, "reason": {"tests"}, "return": {"/exceptions?state=any"}}).to())
	require.Equal(t, "ignored", o.exception(a).State)
	require.Equal(t, "ignored", o.exception(b).State)

	for _, form := range []url.Values{{}, {"exception": {"x"}}, {"exception": {"1"}}, {"exception": {"0.1"}}} {
		require.Equal(t, http.StatusUnprocessableEntity, o.ops.post("/exceptions/assign", form).StatusCode, form)
	}
	require.Equal(t, http.StatusUnprocessableEntity, o.ops.post("/exceptions/snooze", url.Values{"exception": both}).StatusCode)
	require.Equal(t, http.StatusForbidden, o.viewer.post("/exceptions/assign", url.Values{"exception": both}).StatusCode)
}

func TestAnUnmappedKindIsResolvedInPlace(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	_, drafted := o.load(o.account.NovelCycle, seller.Whole)
	require.NotEmpty(t, drafted.Problems)
	require.Empty(t, drafted.Entries)
	open := o.open(exception.UnmappedKind)
	require.NotEmpty(t, open)
	id := open[0].ID

	shown := o.accountant.get(exceptionAt(id, "")).content()
	for _, text := range []string{"Where it goes", "Add the rule", fmt.Sprintf("lines?kind=%d", open[0].KindID), `list="accounts"`} {
		require.Contains(t, shown, text)
	}
	for _, b := range []*browser{o.ops, o.viewer} {
		require.Contains(t, b.get(exceptionAt(id, "")).content(), "An accountant decides where it goes.")
		require.NotContains(t, b.get(exceptionAt(id, "")).content(), exceptionAt(id, "resolve"))
		require.Equal(t, http.StatusForbidden, b.post(exceptionAt(id, "resolve"), url.Values{"category": {"fba_fees"}}).StatusCode)
	}
	wrong := o.accountant.post(exceptionAt(id, "resolve"), url.Values{"category": {"fba_fees"}, "account": {"0000-nowhere"}, "note": {"as last year"}})
	require.Equal(t, http.StatusUnprocessableEntity, wrong.StatusCode)
	require.Contains(t, wrong.content(), `value="0000-nowhere"`)
	require.Contains(t, wrong.content(), `value="as last year"`)
	require.Contains(t, wrong.content(), "aria-invalid")
	require.Equal(t, http.StatusUnprocessableEntity, o.accountant.post(exceptionAt(id, "resolve"), nil).StatusCode)

	for _, e := range open {
		answer := o.accountant.post(exceptionAt(e.ID, "resolve"), url.Values{"category": {"fba_fees"}, "any_marketplace": {"on"}, "return": {"/exceptions"}})
		require.Equal(t, "/exceptions", answer.to(), answer.content())
	}
	require.Equal(t, "resolved", o.exception(id).State)
	require.Contains(t, o.accountant.get("/exceptions").content(), "The rule is in use.")
	require.Contains(t, o.viewer.get("/exceptions?state=resolved").content(), open[0].Title)
	require.Contains(t, o.viewer.get("/entries").content(), "Draft", "the entries that waited are drafted")
	again := o.accountant.post(exceptionAt(id, "resolve"), url.Values{"category": {"fba_fees"}})
	require.Equal(t, http.StatusConflict, again.StatusCode)
}

func TestASuggestionIsUsedWithOneClick(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	o.take(strings.ReplaceAll(o.report(10, seller.Whole), "FBAPerUnitFulfillmentFee", "FBAPerUnitHandlingFee"))
	e := o.open(exception.UnmappedKind)[0]
	require.NotEmpty(t, e.Marketplace)
	require.Contains(t, o.viewer.get(exceptionAt(e.ID, "")).content(), "<dt>Marketplace</dt>")
	_, suggestions, err := o.Rules.Suggest(t.Context(), e.ConnectionID, e.KindID)
	require.NoError(t, err)
	require.NotEmpty(t, suggestions)
	shown := o.accountant.get(exceptionAt(e.ID, "")).content()
	at := 0
	for _, s := range suggestions {
		next := strings.Index(shown[at:], templEscaped(s.Reason))
		require.GreaterOrEqual(t, next, 0, "suggestions stand in their order, each with its reason: %q", s.Reason)
		at += next
	}
	answer := o.accountant.post(exceptionAt(e.ID, "resolve"), url.Values{"category": {string(suggestions[0].Category)}, "account": {suggestions[0].Account}})
	require.Equal(t, exceptionAt(e.ID, ""), answer.to(), answer.content())
	require.Equal(t, "resolved", o.exception(e.ID).State)
}

func TestUnreadableRowsAreListedWithTheWayToTheBytes(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	settlementID, _ := o.load(10, seller.UnreadableRow)
	detail, err := o.Settlements.Get(t.Context(), settlementID)
	require.NoError(t, err)
	problems, err := o.Settlements.Problems(t.Context(), detail, 0, 10)
	require.NoError(t, err)
	require.NotEmpty(t, problems)
	e := o.open(exception.UnreadableLines)[0]
	shown := o.viewer.get(exceptionAt(e.ID, "")).content()
	for _, p := range problems {
		require.Contains(t, shown, templEscaped(p.Value))
		require.Contains(t, shown, p.ColumnName)
		require.Contains(t, shown, fmt.Sprintf("?line=%d", p.LineNo))
	}
	require.Contains(t, shown, fmt.Sprintf("/settlements/%d/documents/", settlementID))
	balance := o.open(exception.OutOfBalance)[0]
	require.Contains(t, o.viewer.get(exceptionAt(balance.ID, "")).content(), "do not add up to its deposit")
}

func TestAFileThatCouldNotBeReadIsShownAndKept(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	file := "order-id,sku\n111-1,<b>CT-1</b>\n"
	_, err := o.Settlements.Import(t.Context(), settlement.Source{ConnectionID: o.connection, Name: "orders.csv", From: document.FromAmazon, Actor: audit.Job("test")}, strings.NewReader(file))
	require.Error(t, err)
	e := o.open(exception.UnreadableFile)[0]
	shown := o.viewer.get(exceptionAt(e.ID, "")).content()
	require.Contains(t, shown, "orders.csv")
	require.Contains(t, shown, "&lt;b&gt;CT-1&lt;/b&gt;")
	got := o.viewer.get(exceptionAt(e.ID, "document"))
	require.Equal(t, file, got.body)
	require.Equal(t, `attachment; filename=orders.csv`, got.Header.Get("Content-Disposition"))
	other := o.raise(exception.MissingRate, "x", "1")
	require.Equal(t, http.StatusNotFound, o.viewer.get(exceptionAt(other, "document")).StatusCode)
}

func TestPeopleWhoLostTheRoleAreNotOffered(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	id := o.raise(exception.MissingRate, "x", "1")
	require.Contains(t, o.accountant.get(exceptionAt(id, "")).content(), "ops person")
	require.NoError(t, o.Identity.SetGroupRoles(t.Context(), audit.Job("test"), "group of ops", []identity.Role{identity.Viewer}))
	require.NotContains(t, o.accountant.get(exceptionAt(id, "")).content(), "ops person")
}
