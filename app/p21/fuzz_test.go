package p21_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/p21"
	"tieout/app/p21/adapter"
	"tieout/app/period"
)

// parrot answers every question with the same bytes, and signs everybody in.
type parrot struct {
	mu     sync.Mutex
	status int
	body   []byte
	after  string
}

func (p *parrot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/api/security/token") {
		_, _ = w.Write([]byte(`{"AccessToken":"t","ExpiresInSeconds":86400}`))
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.after != "" {
		w.Header().Set("Retry-After", p.after)
	}
	w.WriteHeader(p.status)
	_, _ = w.Write(p.body)
}

// questions are what the program asks of P21.
func questions(s p21.System) []func(context.Context) error {
	return []func(context.Context) error{
		func(ctx context.Context) error { _, err := s.Accounts(ctx); return err },
		func(ctx context.Context) error { _, err := s.Periods(ctx); return err },
		func(ctx context.Context) error { _, err := s.FindJournal(ctx, "AMZ-1"); return err },
		func(ctx context.Context) error { _, err := s.ReadJournal(ctx, "1"); return err },
		func(ctx context.Context) error { _, err := s.PostJournal(ctx, entry("AMZ-1")); return err },
		func(ctx context.Context) error { _, err := s.AccountLines(ctx, "1210-000", 2026, 11); return err },
		func(ctx context.Context) error { _, err := s.FindOrders(ctx, "1"); return err },
		func(ctx context.Context) error { _, err := s.ReadOrder(ctx, "1"); return err },
		func(ctx context.Context) error {
			_, err := s.PostOrder(ctx, p21.SalesOrder{Company: "ACME", Reference: "1"})
			return err
		},
		func(ctx context.Context) error { _, err := s.ChangedOrders(ctx, time.Unix(0, 0)); return err },
		func(ctx context.Context) error { _, err := s.Customer(ctx, "1"); return err },
		func(ctx context.Context) error {
			for _, err := range s.Items(ctx, time.Time{}) {
				if err != nil {
					return err
				}
			}
			return nil
		},
		func(ctx context.Context) error { _, err := s.StockOf(ctx, "1"); return err },
		func(ctx context.Context) error { _, err := s.Shipments(ctx, p21.Selection{Order: "1"}); return err },
		func(ctx context.Context) error { _, err := s.Invoices(ctx, p21.Selection{Order: "1"}); return err },
		func(ctx context.Context) error { _, err := s.Returns(ctx, "1"); return err },
		func(ctx context.Context) error {
			_, err := s.ExchangeRates(ctx, period.Date{Year: 2026, Month: 11, Day: 1})
			return err
		},
		func(ctx context.Context) error { s.Check(ctx); return nil },
	}
}

// FuzzAnswers: whatever P21 answers is read or is an *Error.
func FuzzAnswers(f *testing.F) {
	for i, seed := range []struct {
		status      uint16
		body, after string
	}{
		{200, `{"value":[{"CompanyId":"ACME","GLAccount":"1","Active":true,"Description":"\u202e=1+1"}],"@odata.count":1}`, ""},
		{200, `{"value":[{"gl_uid":1e400,"company_no":"ACME","account_number":"1","period":11.0,"year_for_period":2026,"amount":1e19,"transaction_date":"2026-11-20T00:00:00"}]}`, ""},
		{200, `{"JournalEntryNumber":7,"TransactionDate":"2026-11-20","ExchangeRate":1e21,"Lines":[{"Debit":"1","Credit":null}]}`, ""},
		{200, `{"Messages":["a:: b"],"Summary":{"Succeeded":1},"Results":{"Transactions":[{"Status":"Passed","DataElements":[{"Rows":[{"Edits":[{"Name":"order_no","Value":[]}]}]}]}]}}`, ""},
		{400, `{"ErrorMessage":"do not balance","ErrorType":"x.BusinessException","Errors":[{"Field":"a","Message":"b"}]}`, ""},
		{429, ``, "99999999999999999999"}, {503, `<html>`, "Fri, 31 Dec 9999 23:59:59 GMT"}, {302, ``, ""}, {200, `null`, ""}, {200, `[{}]`, ""}, {204, ``, ""},
	} {
		for which := uint8(i); which < 36; which += 7 {
			f.Add(which, seed.status, []byte(seed.body), seed.after)
		}
	}
	stand := &parrot{}
	server := httptest.NewServer(stand)
	f.Cleanup(server.Close)
	transport := &http.Transport{DialContext: (&net.Dialer{}).DialContext, MaxIdleConnsPerHost: 4}
	var systems []p21.System
	for _, name := range []string{p21.SeedV2, p21.Native} {
		system, err := adapter.Open(name, p21.Config{URL: server.URL, Company: "ACME", FunctionalCurrency: "USD", Username: "u", Password: "p", Attempts: 1, Transport: transport})
		require.NoError(f, err)
		systems = append(systems, system)
	}
	f.Fuzz(func(t *testing.T, which uint8, status uint16, body []byte, after string) {
		if status < 200 || status > 599 || strings.ContainsAny(after, "\r\n\x00") {
			return
		}
		stand.mu.Lock()
		stand.status, stand.body, stand.after = int(status), body, after
		stand.mu.Unlock()
		list := questions(systems[which%2])
		err := list[int(which/2)%len(list)](t.Context())
		if err == nil {
			return
		}
		require.NotEmpty(t, p21.TypeOf(err), err)
	})
}
