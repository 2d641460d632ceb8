package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	// people click at once; each has a page for about a second before the next click.
	people = 50
	pause  = time.Second
	// clicksPerPage is how often each page is asked for, all people together.
	clicksPerPage = 60
	// warm is how often before that: so that every connection to PostgreSQL knows
	// the statements, as it does while people work.
	warm = 16
)

// BenchmarkClicks has 50 people click through every page of the books at once,
// over a socket, with 10,000,000 lines and 200,000 orders in the database. It
// prints for each page the time of a request from its first to its last byte.
func BenchmarkClicks(b *testing.B) {
	s := largeSite(b)
	wideHeap() // as serve does
	pages := s.pagesOfBooks(b)
	crowd := s.crowd(b)
	pages = append(pages, s.otherPages(b, crowd[0], pages)...)
	for _, page := range pages { // each was open before
		_, err := crowd[0].time(b.Context(), page)
		require.NoError(b, err, page.name)
	}
	b.Run("alone", func(b *testing.B) {
		for b.Loop() {
			printTimes(b, click(b, crowd[:1], pages, 10, 0))
		}
	})
	b.Run("50-people", func(b *testing.B) {
		scans := s.scansOfLines(b)
		click(b, crowd, pages, warm, pause/4)
		resetPeak()
		for b.Loop() {
			printTimes(b, click(b, crowd, pages, clicksPerPage, pause))
		}
		b.ReportMetric(peakMemory(b), "peak-MiB")
		require.Equal(b, scans, s.scansOfLines(b), "no page reads all lines")
	})
}

// scansOfLines is how often the table of lines was read as a whole.
func (s *site) scansOfLines(b *testing.B) int64 {
	b.Helper()
	s.run(b, `SELECT pg_stat_force_next_flush()`)
	return s.number(b, `SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'settlement_line'`)
}

// seat is a person at a desk, who administers besides under another name.
type seat struct{ accountant, administrator *clerk }

// crowd signs everybody in, each with a session and a connection of their own.
func (s *site) crowd(b *testing.B) []seat {
	b.Helper()
	crowd := make([]seat, people)
	for i := range crowd {
		for who, at := range map[string]**clerk{"amy.accountant": &crowd[i].accountant, "adam.admin": &crowd[i].administrator} {
			clerk, err := newClerk(b.Context(), s.url, s.sandbox.Issuer, who)
			require.NoError(b, err)
			clerk.client.Transport = &http.Transport{}
			*at = clerk
		}
	}
	return crowd
}

// time opens a page as who may see it.
func (s seat) time(ctx context.Context, p page) (time.Duration, error) {
	if strings.HasPrefix(p.path, "/admin/") {
		return s.administrator.time(ctx, p.path)
	}
	return s.accountant.time(ctx, p.path)
}

// time opens a page and says how long it took until its last byte.
func (p *clerk) time(ctx context.Context, path string) (time.Duration, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.base+path, nil)
	if err != nil {
		return 0, err
	}
	r.Header.Set("Accept-Encoding", "gzip") // as browsers do; nobody unpacks it here
	start := time.Now()
	answer, err := p.client.Do(r)
	if err != nil {
		return 0, err
	}
	defer func() { _ = answer.Body.Close() }()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return 0, err
	}
	took := time.Since(start)
	if answer.StatusCode != http.StatusOK {
		return took, fmt.Errorf("%s answers %d", path, answer.StatusCode)
	}
	return took, nil
}

// page is one that people open: named, because ids tell nothing.
type page struct{ name, path string }

// click has a crowd open pages in any order, each page so often, and returns the
// times of each.
func click(b *testing.B, crowd []seat, pages []page, each int, pause time.Duration) map[string][]time.Duration {
	b.Helper()
	var todo []page
	for _, p := range pages {
		for range each {
			todo = append(todo, p)
		}
	}
	chance := rand.New(rand.NewPCG(1, 2))
	chance.Shuffle(len(todo), func(i, j int) { todo[i], todo[j] = todo[j], todo[i] })
	times := map[string][]time.Duration{}
	var lock sync.Mutex
	next := make(chan page)
	var group sync.WaitGroup
	for i, someone := range crowd {
		seed := rand.New(rand.NewPCG(uint64(i), 3))
		group.Go(func() {
			wait(b.Context(), time.Duration(seed.Float64()*2*float64(pause))) // nobody begins at the same moment
			for p := range next {
				took, err := someone.time(b.Context(), p)
				if err != nil {
					b.Error(err)
				}
				lock.Lock()
				times[p.name] = append(times[p.name], took)
				lock.Unlock()
				wait(b.Context(), time.Duration(seed.Float64()*2*float64(pause)))
			}
		})
	}
	for _, p := range todo {
		next <- p
	}
	close(next)
	group.Wait()
	return times
}

func wait(ctx context.Context, d time.Duration) {
	if d == 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// printTimes prints the slowest pages first, and reports all of them together.
func printTimes(b *testing.B, times map[string][]time.Duration) {
	b.Helper()
	type line struct {
		name              string
		p50, p99, slowest time.Duration
	}
	var lines []line
	var all []time.Duration
	for name, list := range times {
		slices.Sort(list)
		all = append(all, list...)
		lines = append(lines, line{name, quantile(list, 50), quantile(list, 99), list[len(list)-1]})
	}
	slices.Sort(all)
	slices.SortFunc(lines, func(a, b line) int { return int(b.p50 - a.p50) })
	var table strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&table, "%-44s p50 %6.1f  p99 %6.1f  worst %6.1f ms\n", l.name, milliseconds(l.p50), milliseconds(l.p99), milliseconds(l.slowest))
	}
	fmt.Fprintf(os.Stderr, "%s\n%s", b.Name(), table.String())
	b.ReportMetric(milliseconds(quantile(all, 50)), "p50-ms")
	b.ReportMetric(milliseconds(quantile(all, 99)), "p99-ms")
	b.ReportMetric(milliseconds(lines[0].p50), "slowest-page-p50-ms")
}

func quantile(sorted []time.Duration, percent int) time.Duration {
	return sorted[min(len(sorted)*percent/100, len(sorted)-1)]
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// peakMemory is the most memory that the process had since the last reset: the
// server, the stand-ins and the crowd together.
func peakMemory(b *testing.B) float64 {
	b.Helper()
	return memoryOf(b, os.Getpid(), "VmHWM:")
}

// memoryOf reads a figure of a process, in MiB.
func memoryOf(b *testing.B, pid int, figure string) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(b, err)
	_, rest, _ := strings.Cut(string(status), figure)
	kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	require.NoError(b, err)
	return kb / 1024
}

// resetPeak forgets the peak, and gives back what is left of the benchmark before.
func resetPeak() {
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // where it is refused the peak is the process's own
}

// pagesOfBooks are the pages behind the rail, with those that their rows lead to.
func (s *site) pagesOfBooks(b *testing.B) []page {
	b.Helper()
	us := s.connection(b, "us")
	large := s.number(b, `SELECT id FROM settlement WHERE replaced_at IS NULL ORDER BY line_count DESC, id DESC LIMIT 1`)
	entry := s.number(b, `SELECT min(id) FROM journal_entry WHERE settlement_id = $1`, large)
	var order, sku, item, period string
	for sql, to := range map[string]*string{
		`SELECT order_id FROM settled_sale WHERE settlement_id = $1 ORDER BY order_id OFFSET 70000 LIMIT 1`:                       &order,
		`SELECT sku FROM settled_sale WHERE settlement_id = $1 LIMIT 1`:                                                           &sku,
		`SELECT order_id FROM open_item WHERE state <> 'paid' AND $1 > 0 ORDER BY order_id LIMIT 1`:                               &item,
		`SELECT fiscal_year || '-' || lpad(period::text, 2, '0') FROM journal_entry WHERE settlement_id = $1 ORDER BY id LIMIT 1`: &period,
	} {
		require.NoError(b, s.pool.QueryRow(b.Context(), sql, large).Scan(to))
	}
	now := s.sandbox.Now()
	base, month := fmt.Sprintf("/settlements/%d", large), now.AddDate(0, 0, -now.Day()).Format("2006-01")
	eu := s.connection(b, "eu")
	pages := []page{{"overview", "/"}, {"settlements", "/settlements"}, {"settlements that have exceptions", "/settlements?state=exceptions"}, {"settlement", base}, {"its lines", base + "/lines"},
		{"its lines of an order", base + "/lines?order=" + order}, {"one line", base + "/lines/500000"}, {"its documents", base + "/documents"}, {"its history", base + "/history"}, {"compared with the cycle before", base + "/compare"},
		{"entries", "/entries"}, {"entry", fmt.Sprintf("/entries/%d", entry)}, {"line of an entry", fmt.Sprintf("/entries/%d/lines/1", entry)}, {"entries by hand", "/entries/by-hand"},
		{"exceptions", "/exceptions"}, {"exceptions of a class", "/exceptions?class=unknown_sku"}, {"rules", fmt.Sprintf("/rules?connection=%d", us)}, {"backtest", fmt.Sprintf("/rules/backtest?connection=%d", eu)},
		{"settlements with a kind", fmt.Sprintf("/rules/backtest/kinds/%d?connection=%d", s.number(b, `SELECT min(id) FROM kind WHERE connection_id = $1`, eu), eu)},
		{"orders", "/orders"}, {"orders of a connection", fmt.Sprintf("/orders?connection=%d", us)}, {"orders behind exceptions", "/orders?state=exception"}, {"orders found by number", "/orders?q=" + order[:7]},
		{"shipments", "/shipments"}, {"returns", "/returns"}, {"flows", "/flows"}, {"flow of orders", fmt.Sprintf("/flows/orders/%d", us)}, {"products", "/products"}, {"product", "/products/" + sku},
		{"receivable", "/receivable"}, {"receivable that differs", "/receivable?state=variance"}, {"order on the receivable", fmt.Sprintf("/receivable/%d/%s", us, item)}, {"cash application", "/receivable/cash"}, {"cash of a deposit", base + "/cash"},
		{"unsettled money", "/unsettled"}, {"unsettled money that is held", "/unsettled?state=held"}, {"refunds", "/refunds"}, {"reimbursements", "/reimbursements"}, {"fees by SKU", "/reports"}, {"fees by month", "/reports?by=month"}, {"what fees are made of", "/reports/amounts?from=" + month + "&to=" + month},
		{"reconciliation", "/reconciliation"}, {"reconciliation of orders", "/reconciliation/orders"}, {"reconciliation of invoices", "/reconciliation/invoices"}, {"reconciliation of accounts", "/reconciliation/accounts"},
		{"deposits", "/reconciliation/deposits"}, {"deposits listed", "/reconciliation/deposits/list"}, {"bank lines", "/reconciliation/deposits/lines"}, {"deposit matches", "/reconciliation/deposits/matches"}, {"statements", "/reconciliation/statements"},
		{"revaluation", "/revaluation"}, {"close", "/close"}, {"checklist of a close", fmt.Sprintf("/close/%d/%s", us, period)}, {"search for an order", "/search?q=" + order}, {"uploads", "/settlements/upload"},
		{"its lines of a kind of transaction, added up", base + "/lines?type=Refund&totals=1"}, {"its lines of a SKU, added up", base + "/lines?totals=1&sku=" + sku}, {"its lines above an amount", base + "/lines?min=1000000"}, {"preferences", "/preferences"},
		{"rule", fmt.Sprintf("/rules/%d/edit?connection=%d", s.number(b, `SELECT min(r.id) FROM mapping_rule r JOIN rule_set x ON x.id = r.rule_set_id WHERE x.connection_id = $1`, us), us)},
		{"connections", "/admin/connections"}, {"connection", fmt.Sprintf("/admin/connections/%d", us)}, {"people", "/admin/people"}, {"policies", "/admin/policies"}, {"audit log", "/admin/audit"},
		{"periods", "/admin/periods"}, {"rates", "/admin/rates"}, {"reference data", "/admin/reference"}}
	for name, of := range map[string]struct{ path, query string }{
		"exception":           {"/exceptions/%d", `SELECT coalesce(min(id), 0) FROM exception WHERE class = 'unmapped_kind'`},
		"exception of a SKU":  {"/exceptions/%d", `SELECT coalesce(min(id), 0) FROM exception WHERE class = 'unknown_sku'`},
		"record":              {"/records/%d", `SELECT coalesce(max(id), 0) FROM flow_record WHERE flow = 'orders'`},
		"reconciliation item": {"/reconciliation/items/%d", `SELECT coalesce(min(id), 0) FROM reconciliation_item`},
		"transaction":         {"/unsettled/%d", `SELECT coalesce(max(id), 0) FROM finance_transaction`},
		"accrual":             {"/accruals/%d", `SELECT coalesce(max(entry_id), 0) FROM accrual_comparison WHERE differing > 0`},
		"refund":              {"/refunds/%d", `SELECT coalesce(min(id), 0) FROM refund_case`},
		"reimbursement":       {"/reimbursements/%d", `SELECT coalesce(min(id), 0) FROM loss_case`},
		"bank line":           {"/reconciliation/deposits/lines/%d", `SELECT coalesce(min(id), 0) FROM bank_line`},
		"statement":           {"/reconciliation/statements/%d", `SELECT coalesce(min(id), 0) FROM bank_statement`},
	} {
		if id := s.number(b, of.query); id > 0 {
			pages = append(pages, page{name, fmt.Sprintf(of.path, id)})
		}
	}
	slices.SortFunc(pages, func(a, b page) int { return strings.Compare(a.name, b.name) })
	return pages
}

// noPage are routes that send a file or a stream, or tell machines how the program is.
var noPage = regexp.MustCompile(`\.(csv|xlsx|zip)$|/(events|file|import|attachments|documents?)(/:document)?$|^/(healthz|readyz|metrics|sign-in|sign-out|static|favicon)|callback`)

// otherPages are the pages of routes that no listed one belongs to, as the first of
// their objects shows them: a new page is measured too. What nobody here may open,
// or what there is none of, is said.
func (s *site) otherPages(b *testing.B, someone seat, listed []page) (pages []page) {
	b.Helper()
	us, without := s.connection(b, "us"), []string{}
	for _, route := range routesOf(b) {
		method, pattern := route[0], route[1]
		one := regexp.MustCompile("^" + regexp.MustCompile(`:\w+`).ReplaceAllString(regexp.QuoteMeta(pattern), "[^/]+") + "$")
		if method != http.MethodGet || noPage.MatchString(pattern) || slices.ContainsFunc(listed, func(p page) bool { path, _, _ := strings.Cut(p.path, "?"); return one.MatchString(path) }) {
			continue
		}
		path, _ := s.example(b, pattern, us)
		if path == "" {
			without = append(without, pattern+" has none")
			continue
		}
		if _, err := someone.time(b.Context(), page{pattern, path}); err != nil {
			without = append(without, err.Error())
			continue
		}
		pages = append(pages, page{pattern, path})
	}
	fmt.Fprintf(os.Stderr, "not measured: %s\n", strings.Join(without, ", "))
	return pages
}
