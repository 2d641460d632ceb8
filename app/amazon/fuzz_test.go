package amazon_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/app/clock"
	"tieout/app/fault"
)

// careless answers every call with the same bytes.
type careless struct {
	status  int
	body    []byte
	headers string // lines
}

func (c careless) RoundTrip(r *http.Request) (*http.Response, error) {
	answer := &http.Response{StatusCode: c.status, Header: http.Header{}, Request: r, Body: io.NopCloser(bytes.NewReader(c.body)), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	if strings.HasSuffix(r.URL.Path, "/token") {
		answer.StatusCode, answer.Body = http.StatusOK, io.NopCloser(strings.NewReader(`{"access_token":"t","expires_in":3600}`))
		return answer, nil
	}
	for line := range strings.SplitSeq(c.headers, "\n") {
		if name, value, ok := strings.Cut(line, ":"); ok {
			answer.Header.Set(strings.TrimSpace(name), strings.TrimSpace(value))
		}
	}
	return answer, nil
}

// calls are the client's reads, each of which gives up after a few pages.
func calls(c *amazon.Client) []func(context.Context) error {
	now := time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)
	orders := func(s amazon.OrderSource) func(context.Context) error {
		return func(ctx context.Context) (failed error) {
			pages := 0
			for _, err := range s.SearchOrders(ctx, amazon.OrderQuery{UpdatedAfter: now.Add(-time.Hour), MarketplaceIDs: []string{"ATVPDKIKX0DER"}}) {
				if failed = err; pages > 2 {
					break
				}
				pages++
			}
			return failed
		}
	}
	one := func(s amazon.OrderSource) func(context.Context) error {
		return func(ctx context.Context) error {
			_, _, err := s.Order(ctx, "1", []amazon.Include{amazon.IncludeBuyer})
			return err
		}
	}
	list := []func(context.Context) error{orders(c.Orders2026()), orders(c.OrdersV0()), one(c.Orders2026()), one(c.OrdersV0()),
		func(ctx context.Context) (failed error) {
			pages := 0
			for _, err := range c.Transactions(ctx, amazon.TransactionQuery{After: now.Add(-time.Hour), Before: now.Add(-time.Minute)}) {
				if failed = err; pages > 2 {
					break
				}
				pages++
			}
			return failed
		},
		func(ctx context.Context) (failed error) {
			pages := 0
			for _, err := range c.InventorySummaries(ctx, "ATVPDKIKX0DER", now) {
				if failed = err; pages > 2 {
					break
				}
				pages++
			}
			return failed
		},
		func(ctx context.Context) (failed error) {
			pages := 0
			for _, err := range c.InboundShipments(ctx, amazon.InboundQuery{MarketplaceID: "ATVPDKIKX0DER", IDs: []string{"1"}}) {
				if failed = err; pages > 2 {
					break
				}
				pages++
			}
			return failed
		},
		func(ctx context.Context) (failed error) {
			pages := 0
			for _, err := range c.Reports(ctx, amazon.ReportQuery{Types: []string{"x"}}) {
				if failed = err; pages > 200 {
					break
				}
				pages++
			}
			return failed
		},
		func(ctx context.Context) error { _, _, err := c.InboundItems(ctx, "1"); return err },
		func(ctx context.Context) error { _, err := c.Listing(ctx, "A", "sku", "ATVPDKIKX0DER"); return err },
		func(ctx context.Context) error { _, err := c.Participations(ctx); return err },
		func(ctx context.Context) error { _, err := c.Destinations(ctx); return err },
		func(ctx context.Context) error { _, err := c.Subscription(ctx, amazon.OrderChange); return err },
		func(ctx context.Context) error {
			_, _, err := c.RequestedContent(ctx, amazon.NewReport{Type: "x"}, now)
			return err
		},
		func(ctx context.Context) error {
			_, err := c.FeedReport(ctx, amazon.Feed{Status: amazon.ReportDone, Result: "1"})
			return err
		},
	}
	for _, v := range []amazon.FulfillmentVersion{amazon.Fulfillment2026, amazon.Fulfillment2020} {
		out, err := c.Fulfillments(v)
		if err != nil {
			panic(err)
		}
		list = append(list,
			func(ctx context.Context) error { _, err := out.Get(ctx, "1"); return err },
			func(ctx context.Context) error {
				_, err := out.Preview(ctx, amazon.FulfillmentRequest{ID: "1"})
				return err
			},
			func(ctx context.Context) error {
				_, err := out.Track(ctx, amazon.FulfillmentPackage{ID: "1"})
				return err
			})
	}
	return list
}

// FuzzAnswers: whatever Amazon answers, to whatever was asked, is read or is an
// error, at once and without a panic.
func FuzzAnswers(f *testing.F) {
	for i, seed := range []struct {
		status        uint16
		body, headers string
	}{
		{200, `{"orders":[` + smallOrder + `],"pagination":{"nextToken":"x"}}`, "x-amzn-RateLimit-Limit: 1e308"},
		{200, `{"payload":{"Orders":[` + headV0("15.00") + `],"NextToken":"x","OrderItems":[{"OrderItemId":"a","QuantityOrdered":2}]}}`, "x-amzn-RateLimit-Limit: NaN"},
		{200, `{"transactions":[{"transactionId":"1","totalAmount":{"currencyAmount":1e999999999,"currencyCode":"USD"},"postedDate":"2026-11-01T00:00:00Z"}],"nextToken":"x"}`, ""},
		{200, `{"payload":{"fulfillmentPreviews":[{"shippingSpeedCategory":"","estimatedFees":[{"amount":{"value":"1e999999999","currencyCode":"USD"}},{"amount":{"value":"1","currencyCode":"USD"}}]}]}}`, ""},
		{200, `{"fulfillmentPreviews":[{"lineItems":[{"amount":{"value":"1e999999999"}}]}],"lineItems":[{"amount":{"value":"1e999999999"}}]}`, ""},
		{200, `{"payload":{"inventorySummaries":[{"sellerSku":"a","totalQuantity":-9223372036854775808}],"ShipmentData":[{"ShipmentId":"1"}],"ItemData":[{"QuantityShipped":1e9}]},"pagination":{"nextToken":"x"}}`, ""},
		{200, `{"reports":[{"reportId":"1","processingStatus":"DONE","reportDocumentId":"d"}],"nextToken":"x","reportDocumentId":"d","url":"http://x/y","compressionAlgorithm":"GZIP"}`, ""},
		{429, `{"errors":[{"code":"QuotaExceeded","message":"no"}]}`, "Retry-After: 99999999999999999999"},
		{503, `<html>`, "Retry-After: -1"}, {302, ``, "Location: http://elsewhere/"}, {200, `null`, ""}, {200, `[]`, "Content-Encoding: gzip"},
	} {
		for which := uint8(i); which < 21; which += 5 {
			f.Add(which, seed.status, []byte(seed.body), seed.headers)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, status uint16, body []byte, headers string) {
		if status < 100 || status > 599 {
			return
		}
		at := clock.NewFixed(time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC))
		jump := func(ctx context.Context, d time.Duration) error { at.Advance(d); return ctx.Err() }
		client, err := amazon.New(amazon.Config{Key: "acme", Endpoint: "http://amazon", LWAURL: "http://amazon/token", ClientID: "c", ClientSecret: amazon.Hide("s"), RefreshToken: amazon.Hide("r"),
			Clock: at, Pause: jump, Transport: careless{int(status), body, headers}, Tries: 2, MaxDocument: 1 << 20})
		require.NoError(t, err)
		list := calls(client)
		_ = list[int(which)%len(list)](t.Context())
	})
}

// trip answers calls by a function.
type trip func(*http.Request) (int, []byte)

func (f trip) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body := f(r)
	return &http.Response{StatusCode: status, Header: http.Header{}, Request: r, Body: io.NopCloser(bytes.NewReader(body)), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}, nil
}

// TestADocumentThatIsReadWholeHasABound however small it comes.
func TestADocumentThatIsReadWholeHasABound(t *testing.T) {
	t.Parallel()
	bomb := zipped(make([]byte, 8<<20))
	client, err := amazon.New(amazon.Config{Key: "acme", Endpoint: "http://amazon", LWAURL: "http://amazon/token", ClientID: "c", ClientSecret: amazon.Hide("s"), RefreshToken: amazon.Hide("r"), MaxContent: 1 << 20,
		Transport: trip(func(r *http.Request) (int, []byte) {
			switch {
			case r.URL.Path == "/token":
				return http.StatusOK, []byte(`{"access_token":"t","expires_in":3600}`)
			case r.URL.Host == "store":
				return http.StatusOK, bomb
			}
			return http.StatusOK, []byte(`{"feedDocumentId":"d","url":"http://store/d","compressionAlgorithm":"GZIP"}`)
		})})
	require.NoError(t, err)
	_, err = client.FeedReport(t.Context(), amazon.Feed{Status: amazon.ReportDone, Result: "d"})
	require.Equal(t, fault.Invalid, fault.CodeOf(err))
}

func FuzzText(f *testing.F) {
	f.Add([]byte("\xef\xbb\xbfsku\tname"), "", true)
	f.Add([]byte("\x83\x65\x83"), "cp932", false)
	f.Add([]byte("M\xfcnchen\x00"), `"Cp1252" `, false)
	f.Fuzz(func(t *testing.T, raw []byte, charset string, japan bool) {
		text := amazon.Text(raw, charset, japan)
		require.True(t, utf8.ValidString(text))
		require.LessOrEqual(t, len(text), 3*len(raw))
		header, row, _ := strings.Cut(text, "\n")
		columns := amazon.ReadFlatColumns(header)
		for name := range columns {
			_ = columns.Row(row)(name)
		}
	})
}
