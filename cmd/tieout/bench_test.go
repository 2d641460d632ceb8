package main

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkPages times each page at the server with millions of lines in the
// database: median and worst of its requests, in milliseconds.
func BenchmarkPages(b *testing.B) {
	s := largeSite(b)
	connection := s.connection(b, "us")
	large := s.number(b, `SELECT id FROM settlement WHERE replaced_at IS NULL ORDER BY line_count DESC, id LIMIT 1`)
	entry := s.number(b, `SELECT min(id) FROM journal_entry WHERE settlement_id = $1`, large)
	var order string
	require.NoError(b, s.pool.QueryRow(b.Context(), `SELECT order_id FROM settlement_line WHERE settlement_id = $1 AND line_no BETWEEN 500000 AND 500100 AND order_id IS NOT NULL LIMIT 1`, large).Scan(&order))
	kind := s.number(b, `SELECT ref FROM line_block WHERE settlement_id = $1 AND dimension = 'kind' ORDER BY lines LIMIT 1`, large)
	base := fmt.Sprintf("/settlements/%d", large)
	pages := []string{"/", "/settlements", base, base + "/lines", base + "/lines?order=" + order, fmt.Sprintf("%s/lines?kind=%d&totals=1", base, kind), base + "/lines?type=Refund&totals=1",
		base + "/lines?sku=BRW-POUR-01&totals=1", base + "/lines?min=1000000", base + "/lines/500000", base + "/documents", base + "/history", base + "/compare", "/entries", fmt.Sprintf("/entries/%d", entry),
		fmt.Sprintf("/entries/%d/lines/1", entry), "/exceptions", fmt.Sprintf("/exceptions/%d", s.number(b, `SELECT min(id) FROM exception`)),
		fmt.Sprintf("/rules?connection=%d", connection), fmt.Sprintf("/rules/backtest?connection=%d&show=all", connection), fmt.Sprintf("/rules/%d/edit?connection=%d", s.number(b, `SELECT min(r.id) FROM mapping_rule r JOIN rule_set x ON x.id = r.rule_set_id WHERE x.connection_id = $1`, connection), connection),
		"/search?q=" + order, "/settlements/upload", "/preferences", "/admin/periods", "/admin/rates", "/admin/reference"}
	administration := []string{"/admin/connections", fmt.Sprintf("/admin/connections/%d", connection), "/admin/people", "/admin/policies", "/admin/audit"}
	s.timePages(b, "amy.accountant", pages)
	s.timePages(b, "adam.admin", administration)
}

// timePages asks for each page as a person does, time and again.
func (s *site) timePages(b *testing.B, who string, pages []string) {
	tab := s.signIn(b, who)
	tab.request(http.MethodGet, "/preferences", "")
	for _, page := range pages {
		b.Run(page, func(b *testing.B) {
			var times []time.Duration
			for b.Loop() {
				start := time.Now()
				answer := tab.request(http.MethodGet, page, "")
				_, err := io.Copy(io.Discard, answer.Body)
				times = append(times, time.Since(start))
				require.NoError(b, err)
				require.Equal(b, http.StatusOK, answer.StatusCode)
			}
			slices.Sort(times)
			b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "median-ms")
			b.ReportMetric(float64(times[len(times)-1].Microseconds())/1000, "worst-ms")
		})
	}
}
