package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"tieout/app/audit"
	"tieout/app/identity"
	"tieout/app/invariant"
	"tieout/app/money"
)

// hostileTexts are typed into every field.
var hostileTexts = []string{"", " ", "0", "-1", "1", "2", "00", "1e999999999", "-1e999999999", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "0.00001", "99999999999999999.9999", "1,234.50", "NaN", "Infinity", "0x10",
	"2026-11-30", "2026-02-30", "0000-00-00", "9999-12-31", "99999-01-01", "0001-01-01", "-0001-01-01", "2026-11-30T25:61:61Z", "true", "on", "null", "undefined", "[]", "{}", `{"a":[1,2]}`,
	"\x00", "a\x00b", "\xff\xfe", "\xc3\x28", "\r\nSet-Cookie: a=b", "\u202egnp.exe", "\u200b\u200b", "\u2066\u2067\u2069", "🧾👩‍👩‍👧", "'; DROP TABLE journal_entry; --", "' OR '1'='1", `\' OR 1=1`, "%", "_%_", `\`, "$1", "=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1",
	hostileTag, `"><img src=x onerror=hostile()>`, "javascript:alert(1)", "{{7*7}}", "../../../../etc/passwd", "http://[::1", "file:///etc/passwd", "USD", "usd", "XXX", "US", "EUR-USD", "A1B2", "orders", "1.2.3", "7.1.00ff", "1.0.0", "999999999",
	strings.Repeat("x", 501), strings.Repeat("é", 2001), strings.Repeat("a,", 5000), strings.Repeat("9", 400), strings.Repeat("1.", 300), strings.Repeat("(", 1990), `map(items, map(items, map(items, map(items, 1))))`, `decimal("1e999999999") > 1`, "items[99999999]", "Europe/Berlin", "Local", "ann@example.com", "WyIxZTk5OTk5OTk5OSIsIjEiXQ", "WyIxIiwiMiJd"}

const hostileTag = `<script>hostile()</script>`

// steady are fields that say where other systems are: what stands there decides
// whether they answer, and not what this test is about.
var steady = []string{"amazon_endpoint", "lwa_url", "p21_url", "p21_adapter", "queue_url", "daily_url", "p21_username", "p21_password", "refresh_token", "lwa_client_id", "lwa_client_secret"}

// form is one form of a page.
type form struct {
	action string
	values url.Values
	files  []string // fields that take files
	texts  []string // fields that somebody types into
	many   bool     // multipart/form-data
}

// formsOf are the forms of a page that change something, with what stands in
// their fields.
func formsOf(page string) []form {
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return nil
	}
	list, byID := []*form{}, map[string]*form{}
	var walk func(n *html.Node, inside *form)
	walk = func(n *html.Node, inside *form) {
		at := map[string]string{}
		for _, a := range n.Attr {
			at[a.Key] = a.Val
		}
		if n.Type == html.ElementNode && n.Data == "form" && strings.EqualFold(at["method"], "post") {
			inside = &form{action: at["action"], values: url.Values{}, many: at["enctype"] == "multipart/form-data"}
			list = append(list, inside)
			if at["id"] != "" {
				byID[at["id"]] = inside
			}
		}
		owner := inside
		if other := byID[at["form"]]; other != nil {
			owner = other
		}
		if owner != nil && n.Type == html.ElementNode {
			owner.field(n, at)
		}
		if action := at["formaction"]; action != "" && owner != nil {
			list = append(list, &form{action: action, values: owner.values, many: owner.many})
		}
		for child := n.FirstChild; child != nil; child = child.NextSibling {
			walk(child, inside)
		}
	}
	for range 2 { // a field may stand before the form that it belongs to
		list = nil
		walk(root, nil)
	}
	forms := make([]form, len(list))
	for i, f := range list {
		forms[i] = *f
	}
	return forms
}

// field takes what a field holds.
func (f *form) field(n *html.Node, at map[string]string) {
	name := at["name"]
	switch {
	case name == "":
	case n.Data == "input" && at["type"] == "file":
		if !slices.Contains(f.files, name) {
			f.files = append(f.files, name)
		}
	case n.Data == "input" && (at["type"] == "" || at["type"] == "text" || at["type"] == "search"):
		f.texts = append(f.texts, name)
		f.values.Set(name, at["value"])
	case n.Data == "input", n.Data == "button":
		if !slices.Contains(f.values[name], at["value"]) {
			f.values.Add(name, at["value"])
		}
	case n.Data == "textarea":
		text := ""
		if n.FirstChild != nil {
			text = n.FirstChild.Data
		}
		f.texts = append(f.texts, name)
		f.values.Set(name, text)
	case n.Data == "select":
		for option := range n.Descendants() {
			for _, a := range option.Attr {
				if option.Data == "option" && a.Key == "value" {
					f.values.Add(name, a.Val)
				}
			}
		}
		if len(f.values[name]) > 1 {
			f.values[name] = f.values[name][:1]
		}
	}
}

var fieldName = regexp.MustCompile(`(?:in\.(?:text|needed|choice|number|id|ids|date|amount|zone|checked|key)|values(?:\.Get)?|FormValue|QueryParam)[\[(]"([a-z_0-9-]+)"`)

// fieldNames are the names of all fields that handlers read.
func fieldNames(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../app/web/*.go")
	require.NoError(t, err)
	names := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, found := range fieldName.FindAllStringSubmatch(string(text), -1) {
			names[found[1]] = true
		}
	}
	require.Greater(t, len(names), 100)
	return slices.Sorted(maps.Keys(names))
}

// typist fills in every form of the program with whatever comes.
type typist struct {
	*site
	t      *testing.T
	random *rand.Rand
	person *clerk
	names  []string
	routes [][2]string
	forms  map[string][]form // by route
	own    int64             // connection
	filter string            // query of the pages that are learned from
	self   string            // path of what is done to the person
	tour   int               // of all forms
	sent   int
	wrong  int
	reset  func()
}

func (y *typist) pick(list []string) string { return list[y.random.IntN(len(list))] }

func (y *typist) text() string {
	if y.random.IntN(8) > 0 {
		return y.pick(hostileTexts)
	}
	raw := make([]byte, y.random.IntN(40))
	for i := range raw {
		raw[i] = byte(y.random.UintN(256))
	}
	return string(raw)
}

// learn opens every page, and what is exported if it is asked for, and keeps the
// forms.
func (y *typist) learn(exports bool) {
	if y.forms == nil {
		y.forms = map[string][]form{}
	}
	for _, route := range y.routes {
		if route[0] != GET || strings.HasSuffix(route[1], "/events") || strings.HasSuffix(route[1], ".xlsx") && !exports {
			continue
		}
		path, _ := y.example(y.t, route[1], y.own)
		if path == "" {
			continue
		}
		if y.tour > 0 {
			path = y.neighbour(path)
		}
		if y.filter != "" {
			path += map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")] + y.filter
		}
		page := y.open(path)
		for _, f := range formsOf(page) {
			switch pattern := y.routeOf(f.action); {
			case pattern == "":
			case len(y.forms[pattern]) < 40:
				y.forms[pattern] = append(y.forms[pattern], f)
			default:
				y.forms[pattern][y.random.IntN(40)] = f
			}
		}
	}
}

var digits = regexp.MustCompile(`/\d+`)

// neighbour is another object's path, which may not be there.
func (y *typist) neighbour(path string) string {
	return digits.ReplaceAllStringFunc(path, func(id string) string {
		if y.random.IntN(2) == 0 {
			return id
		}
		return fmt.Sprintf("/%d", 1+y.random.IntN(60))
	})
}

// routeOf is the route that a form goes to.
func (y *typist) routeOf(action string) string {
	path, _, _ := strings.Cut(action, "?")
	parts := strings.Split(path, "/")
	best := ""
	for _, route := range y.routes {
		pattern := strings.Split(route[1], "/")
		if route[0] != POST || len(pattern) != len(parts) {
			continue
		}
		fits := true
		for i := range pattern {
			fits = fits && (pattern[i] == parts[i] || strings.HasPrefix(pattern[i], ":"))
		}
		if fits && (best == "" || strings.Count(route[1], ":") < strings.Count(best, ":")) {
			best = route[1]
		}
	}
	return best
}

// changed are a form's fields, some of them as nobody types them; now and then as
// they are, so that things go on.
func (y *typist) changed(f form) url.Values {
	values := url.Values{}
	for name, list := range f.values {
		values[name] = slices.Clone(list)
	}
	if y.tour > 0 && y.random.IntN(4) == 0 {
		return values
	}
	names := slices.Sorted(maps.Keys(values))
	names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains(steady, name) })
	for range 1 + y.random.IntN(3) {
		name := y.pick(y.names)
		if len(names) > 0 && y.random.IntN(4) > 0 {
			name = y.pick(names)
		}
		if slices.Contains(steady, name) {
			continue
		}
		switch y.random.IntN(8) {
		case 0:
			values.Del(name)
		case 1:
			values.Add(name, y.text())
		case 2:
			values[name] = []string{y.text(), y.text(), y.text()}
		default:
			values.Set(name, y.text())
		}
	}
	if y.random.IntN(10) == 0 {
		for _, name := range names {
			values.Set(name, y.text())
		}
	}
	return values
}

// fill sends one form of a route.
func (y *typist) fill(pattern string) {
	var f form
	if known := y.forms[pattern]; len(known) > 0 && y.random.IntN(6) > 0 {
		f = known[y.random.IntN(len(known))]
	} else {
		f.action, _ = y.example(y.t, pattern, y.own)
		f.values = url.Values{}
		if f.action == "" || y.random.IntN(8) == 0 {
			f.action = regexp.MustCompile(`:[a-z]+`).ReplaceAllStringFunc(pattern, func(string) string { return url.PathEscape(y.text() + "1") })
		}
	}
	if strings.HasPrefix(f.action, y.self) {
		return // who signs themselves out types no more
	}
	if f.values = y.changed(f); y.tour > 0 && y.random.IntN(3) == 0 {
		f.action = y.neighbour(f.action)
	}
	body, kind := strings.NewReader(f.values.Encode()), "application/x-www-form-urlencoded"
	if f.many || len(f.files) > 0 {
		body, kind = y.parts(f)
	}
	what := fmt.Sprintf("POST %s %.300s", f.action, f.values.Encode())
	status, to := y.send(POST, f.action, kind, body, what)
	if status == http.StatusSeeOther && strings.HasPrefix(to, "/") {
		y.send(GET, to, "", nil, what+", which leads to "+to)
	}
	if strings.HasPrefix(pattern, "/admin/people") {
		y.reset()
	}
}

// marks are texts that would be markup, formulas, or hide what they are.
var marks = []string{"=1+1 " + hostileTag, "\u202e@SUM(1+1)|cmd", "+1+1 שלום 12", "-1+1\u200b\u2067🧾", "\t=1+1\"'"}

// mark types such a text into every text field of every form, and where a form
// refuses, into one field at a time.
func (y *typist) mark() {
	for _, route := range y.routes {
		forms := y.forms[route[1]]
		if route[0] != POST || len(forms) == 0 {
			continue
		}
		f := forms[y.random.IntN(len(forms))]
		texts := slices.DeleteFunc(slices.Clone(f.texts), func(name string) bool { return slices.Contains(steady, name) })
		if len(texts) > 0 && y.typed(f, texts) >= 400 {
			for _, name := range texts {
				y.typed(f, []string{name})
			}
		}
		if strings.HasPrefix(route[1], "/admin/people") {
			y.reset()
		}
	}
}

// typed sends a form with marks in some of its fields.
func (y *typist) typed(f form, texts []string) (status int) {
	if strings.HasPrefix(f.action, y.self) {
		return 0
	}
	values := url.Values{}
	maps.Copy(values, f.values)
	for _, name := range texts {
		values[name] = []string{y.pick(marks)}
	}
	f.values = values
	body, kind := strings.NewReader(values.Encode()), "application/x-www-form-urlencoded"
	if f.many {
		body, kind = y.parts(f)
	}
	status, _ = y.send(POST, f.action, kind, body, fmt.Sprintf("POST %s %.300s", f.action, values.Encode()))
	return status
}

// arrive has files come in whose every text is such a mark: a settlement, and a
// bank's statement.
func (y *typist) arrive() {
	mark := func(i int) string { return strings.NewReplacer("\t", " ", "\"", "").Replace(marks[i%len(marks)]) }
	const columns = "settlement-id\tsettlement-start-date\tsettlement-end-date\tdeposit-date\ttotal-amount\tcurrency\ttransaction-type\torder-id\tmerchant-order-id\tadjustment-id\tshipment-id\tmarketplace-name\tamount-type\tamount-description\tamount\tfulfillment-id\tposted-date\tposted-date-time\torder-item-code\tmerchant-order-item-id\tmerchant-adjustment-item-id\tsku\tquantity-purchased\tpromotion-id\n"
	report := columns + "=7777\t2026-11-01 00:00:00 UTC\t2026-11-14 00:00:00 UTC\t2026-11-16 00:00:00 UTC\t60.00\tUSD" + strings.Repeat("\t", 18) + "\n"
	for i := range marks {
		report += strings.Join([]string{"=7777", "", "", "", "", "", mark(i), mark(i), mark(i), mark(i), mark(i), mark(i), mark(i), mark(i), "10.00", mark(i), "2026-11-05", "2026-11-05 10:00:00 UTC", mark(i), mark(i), mark(i), mark(i), "1", mark(i)}, "\t") + "\n"
	}
	longest := func(n int) string { // that is taken, and does not pack
		text := make([]byte, n)
		for i := range text {
			text[i] = byte('!' + y.random.IntN(90))
		}
		return string(text)
	}
	report += strings.Join([]string{"=7777", "", "", "", "", "", longest(600), longest(1000), longest(1000), longest(1000), longest(1000), longest(600), longest(600), longest(600), "10.00", "AFN", "2026-11-05", "2026-11-05 10:00:00 UTC", longest(1000), longest(1000), longest(1000), longest(1000), "1", longest(1000)}, "\t") + "\n"
	account := y.number(y.t, `SELECT min(bank_account_id) FROM bank_account_connection WHERE connection_id = $1`, y.own)
	currency := y.texts(y.t, `SELECT currency FROM bank_account WHERE id = $1`, account)[0]
	bank := "OFXHEADER:100\nENCODING:UTF-8\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>" + currency + "<BANKACCTFROM><ACCTID>=1+1</BANKACCTFROM><BANKTRANLIST><DTSTART>20261101<DTEND>20261130"
	for i := range marks {
		text := html.EscapeString(mark(i))
		bank += fmt.Sprintf("<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20261116<TRNAMT>%d.00<FITID>%s%d<NAME>AMAZON %s<MEMO>%s</STMTTRN>", 10+i, text, i, text, text)
	}
	bank += "</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
	for _, upload := range []struct{ path, field, value, name, content string }{
		{"/settlements/upload", "connection", fmt.Sprint(y.own), "\u202etxt.=1+1 " + hostileTag + ".txt", report},
		{"/reconciliation/statements", "account", fmt.Sprint(account), "\u202e=1+1" + hostileTag + ".ofx", bank},
	} {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		require.NoError(y.t, w.WriteField(upload.field, upload.value))
		part, err := w.CreateFormFile("files", upload.name)
		require.NoError(y.t, err)
		_, err = io.WriteString(part, upload.content)
		require.NoError(y.t, err)
		require.NoError(y.t, w.Close())
		status, page := y.exchange(POST, upload.path, w.FormDataContentType(), &body)
		require.Equal(y.t, http.StatusSeeOther, status, page)
	}
	y.eventually(y.t, `SELECT count(*) = 1 FROM settlement WHERE amazon_id = '=7777'`)
	require.Positive(y.t, y.number(y.t, `SELECT count(*) FROM bank_line WHERE description LIKE '%1+1%'`))
	id := y.number(y.t, `SELECT id FROM settlement WHERE amazon_id = '=7777'`)
	y.eventually(y.t, `SELECT count(*) > 5 FROM exception WHERE settlement_id = $1 OR kind_id IS NOT NULL`, id)
	require.Zero(y.t, y.number(y.t, `SELECT count(*) FROM exception WHERE length(title) > 300`))
	lines := y.open(fmt.Sprintf("/settlements/%d/lines", id))
	require.Contains(y.t, lines, "[U+202E]@SUM(1+1)|cmd")
	require.Contains(y.t, lines, "\u2068שלום\u2069 12", "set apart from the number beside it")
	for _, page := range []string{"/settlements/%d", "/settlements/%d/lines/3", "/settlements/%d/history", "/settlements/%d/export.xlsx", "/settlements/%d/lines/export.xlsx", "/settlements?x=%d", "/exceptions?x=%d", "/reconciliation/deposits/lines?x=%d", "/reconciliation/deposits/export.xlsx?x=%d"} {
		y.open(fmt.Sprintf(page, id))
	}
}

// parts is a form with files in it.
func (y *typist) parts(f form) (*strings.Reader, string) {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, list := range f.values {
		for _, value := range list {
			require.NoError(y.t, w.WriteField(name, value))
		}
	}
	for _, name := range f.files {
		part, err := w.CreateFormFile(name, y.text()+y.pick([]string{"", ".csv", ".xlsx", ".txt"}))
		require.NoError(y.t, err)
		_, err = io.WriteString(part, y.pick([]string{"", "PK\x03\x04", "\x1f\x8b\x08", "settlement-id\t", "Day,From,To,Rate\n", "01,", "<OFX>", `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l "lol">]><a>&l;</a>`, "reference,debit,functional_debit,p21_number\n"})+y.text()+"\n"+y.text())
		require.NoError(y.t, err)
	}
	require.NoError(y.t, w.Close())
	return strings.NewReader(body.String()), w.FormDataContentType()
}

var mainOf = regexp.MustCompile(`(?s)<main.*?</main>`)
var tags = regexp.MustCompile(`(?s)<[^>]*>|\s+`)

// send asks, and holds the answer against what every answer is: no failure of
// ours, words, and nothing of what was typed as markup.
func (y *typist) send(method, path, kind string, body io.Reader, what string) (status int, to string) {
	r, err := http.NewRequestWithContext(y.t.Context(), method, y.url+path, body)
	if err != nil {
		return 0, "" // no browser sends it
	}
	r.Header.Set("Origin", y.url)
	r.Header.Set("Accept", "text/html")
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if y.random.IntN(4) == 0 {
		r.Header.Set("HX-Request", "true")
		r.Header.Set("HX-Current-URL", y.url+"/")
	}
	began := time.Now()
	answer, err := y.person.client.Do(r)
	require.NoError(y.t, err, what)
	defer func() { require.NoError(y.t, answer.Body.Close()) }()
	text, err := io.ReadAll(answer.Body)
	require.NoError(y.t, err, what)
	y.sent++
	page := string(text)
	problem := ""
	switch said := tags.ReplaceAllString(mainOf.FindString(page), " "); {
	case answer.StatusCode >= 500:
		problem = fmt.Sprintf("%d: %.400s", answer.StatusCode, said)
	case strings.Contains(page, hostileTag) || strings.Contains(page, "<img src=x"):
		problem = "what was typed is markup on the page"
	case answer.StatusCode >= 400 && len(strings.TrimSpace(said)) < 20:
		problem = fmt.Sprintf("%d without a word: %.200s", answer.StatusCode, page)
	case time.Since(began) > 15*time.Second:
		problem = fmt.Sprintf("it took %s", time.Since(began))
	}
	if problem != "" {
		y.wrong++
		y.t.Errorf("%s answers %s", what, problem)
	}
	if answer.StatusCode == http.StatusForbidden {
		y.reset()
	}
	to = answer.Header.Get("Location")
	require.False(y.t, answer.StatusCode == http.StatusUnauthorized || to == "/sign-in" || strings.HasPrefix(to, "/sign-in?") && !strings.Contains(to, "fresh"), "%s signs the person out", what)
	return answer.StatusCode, to
}

// exchange asks as a browser does, without going where the answer leads.
func (y *typist) exchange(method, path, kind string, body io.Reader) (status int, page string) {
	r, err := http.NewRequestWithContext(y.t.Context(), method, y.url+path, body)
	require.NoError(y.t, err)
	r.Header.Set("Origin", y.url)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	answer, err := y.person.client.Do(r)
	require.NoError(y.t, err)
	defer func() { require.NoError(y.t, answer.Body.Close()) }()
	text, err := io.ReadAll(answer.Body)
	require.NoError(y.t, err)
	return answer.StatusCode, string(text)
}

// open looks at a page, or at what is exported.
func (y *typist) open(path string) string {
	status, page := y.exchange(GET, path, "", nil)
	bare, _, _ := strings.Cut(path, "?")
	if strings.HasSuffix(bare, ".xlsx") && status == http.StatusOK {
		page = unpacked(y.t, []byte(page))
	}
	problems := problemsOf(status, page)
	if strings.HasSuffix(bare, ".csv") && status == http.StatusOK {
		problems = append(problems, guarded(page)...)
	}
	for _, problem := range problems {
		y.t.Errorf("GET %s: %s", path, problem)
		y.wrong++
	}
	return page
}

var hidden = regexp.MustCompile(`(?s)<textarea.*?</textarea>|<[^>]*>`)

// problemsOf says what is wrong with a page or a file that shows texts from
// everywhere: they are no markup and no formula, and none hides what it is.
func problemsOf(status int, page string) (problems []string) {
	if status >= 500 {
		problems = append(problems, fmt.Sprintf("%d: %.400s", status, tags.ReplaceAllString(mainOf.FindString(page), " ")))
	}
	if strings.Contains(page, hostileTag) || strings.Contains(page, "<img src=x") {
		problems = append(problems, "what was typed is markup")
	}
	if strings.Contains(page, "<!doctype html>") && strings.ContainsAny(hidden.ReplaceAllString(page, ""), "\u202a\u202b\u202d\u202e\u2066\u2067\u200b") {
		problems = append(problems, "a text hides what it is")
	}
	for _, found := range formula.FindAllString(page, -1) {
		problems = append(problems, "a text is a formula: "+found)
	}
	return problems
}

var formula = regexp.MustCompile(`<f>[^<]*(?:1\+1|cmd|hostile)[^<]*</f>`)

// guarded finds the cells of a CSV file that a spreadsheet would work out.
func guarded(page string) (problems []string) {
	rows, err := csv.NewReader(strings.NewReader(page)).ReadAll()
	if err != nil {
		return []string{err.Error()}
	}
	for _, row := range rows {
		for _, cell := range row {
			_, number := money.ParseNumber(cell)
			if first := strings.TrimSpace(cell); first != "" && strings.Contains("=+-@", first[:1]) && number != nil {
				problems = append(problems, fmt.Sprintf("%q is a formula", cell))
			}
		}
	}
	return problems
}

// ask opens a page with a query that nobody's filter sends.
func (y *typist) ask(pattern string) {
	path, _ := y.example(y.t, pattern, y.own)
	if path == "" || strings.HasSuffix(pattern, "/events") {
		return
	}
	if y.random.IntN(10) == 0 {
		path = regexp.MustCompile(`:[a-z]+`).ReplaceAllStringFunc(pattern, func(string) string { return url.PathEscape(y.text() + "1") })
	}
	query := url.Values{}
	for range 1 + y.random.IntN(3) {
		query.Add(y.pick(y.names), y.text())
	}
	join := "?"
	if strings.Contains(path, "?") {
		join = "&"
	}
	y.send(GET, path+join+query.Encode(), "", nil, "GET "+path+join+query.Encode())
}

// TestEveryFormTakesWhateverIsTyped fills in every form again and again for
// FORMTIME (5m), another way each time, with SOAK=1. Otherwise one round of it ends
// TestSomebodyScopedSeesNothingOfAnotherConnection: to start a site takes seconds.
func TestEveryFormTakesWhateverIsTyped(t *testing.T) {
	t.Parallel()
	if os.Getenv("SOAK") == "" {
		t.Log("one round is in TestSomebodyScopedSeesNothingOfAnotherConnection")
		return
	}
	s := startSite(t)
	own := s.number(t, `SELECT id FROM connection WHERE name = 'us'`)
	s.eventually(t, `SELECT count(*) > 0 FROM journal_entry WHERE status = 'draft' AND connection_id = $1`, own)
	length, err := time.ParseDuration(os.Getenv("FORMTIME"))
	if err != nil {
		length = 5 * time.Minute
	}
	s.typeWhatever(t, s.everybody(t), own, nil, uint64(time.Now().UnixNano()), length)
}

// everybody is somebody in every role, who goes nowhere by themselves.
func (s *site) everybody(t *testing.T) *clerk {
	t.Helper()
	require.NoError(t, s.identity.SetGroupRoles(t.Context(), audit.Job("test"), s.group(t, "adam.admin"), identity.AllRoles()))
	person, err := newClerk(t.Context(), s.url, s.sandbox.Issuer, "adam.admin")
	require.NoError(t, err)
	person.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return person
}

var texty = regexp.MustCompile(`^/(settlements|entries|exceptions|records|reconciliation/deposits)/`)

// typeWhatever has texts that would be markup, formulas or another text come in by
// files and by every form, fills in every form once, and longer if there is time,
// with what nobody should type, and looks at every page and export after that.
// Nothing fails, every refusal says something, no text is more than a text, and
// the books hold afterwards. Forms that are known are not looked for again.
func (s *site) typeWhatever(t *testing.T, person *clerk, own int64, known map[string][]form, seed uint64, length time.Duration) {
	t.Helper()
	y := &typist{site: s, t: t, person: person, own: own, forms: known, names: fieldNames(t), routes: routesOf(t), random: rand.New(rand.NewPCG(seed, 0)),
		self: fmt.Sprintf("/admin/people/%d/", s.number(t, `SELECT id FROM person WHERE name ILIKE 'adam%'`)),
		reset: func() {
			require.NoError(t, s.identity.SetGroupRoles(t.Context(), audit.Job("test"), s.group(t, "adam.admin"), identity.AllRoles()))
		}}
	y.arrive()
	if known == nil {
		y.learn(false)
	}
	y.mark()
	for until := time.Now().Add(length); (y.tour == 0 || time.Now().Before(until)) && y.wrong < 20; y.tour++ {
		if y.tour > 0 {
			y.learn(true)
		}
		for _, i := range y.random.Perm(len(y.routes)) {
			switch route := y.routes[i]; {
			case route[0] == POST:
				y.fill(route[1])
			case length > 0:
				y.ask(route[1])
			}
		}
	}
	if length == 0 { // the pages where most of it stands
		y.routes = slices.DeleteFunc(y.routes, func(route [2]string) bool {
			return strings.Contains(route[1], ":") && !texty.MatchString(route[1])
		})
	}
	y.learn(true)
	t.Logf("%d answers to forms of %d routes, seed %d", y.sent, len(y.forms), seed)
	checks, err := invariant.Verify(t.Context(), s.pool, rebuilt(s.pool))
	require.NoError(t, err)
	for _, c := range checks {
		require.True(t, c.Holds(), "%s: %v", c.Name, c.Examples)
	}
}
