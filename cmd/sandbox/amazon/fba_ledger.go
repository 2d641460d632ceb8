package amazon

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tieout/cmd/sandbox/seller"
)

const ledgerType = "GET_LEDGER_SUMMARY_VIEW_DATA"

// LedgerDay is a day of an SKU in Amazon's ledger. What leaves is below zero.
type LedgerDay struct {
	Account     string    `json:"account"` // key of the seller
	Day         time.Time `json:"day"`
	SKU         string    `json:"sku"`
	Disposition string    `json:"disposition"` // default SELLABLE
	Country     string    `json:"country"`     // default US
	Starting    int       `json:"starting"`
	Receipts    int       `json:"receipts"`
	Shipments   int       `json:"customerShipments"`
	Returns     int       `json:"customerReturns"`
	Found       int       `json:"found"`
	Lost        int       `json:"lost"`
	Damaged     int       `json:"damaged"`
	Other       int       `json:"otherEvents"`
	Off         int       `json:"off"` // by which the ending balance is wrong
}

func (d LedgerDay) ending() int {
	return d.Starting + d.Receipts + d.Shipments + d.Returns + d.Found + d.Lost + d.Damaged + d.Other + d.Off
}

// WriteLedger has Amazon know days of its ledger, or know them otherwise.
func (s *Server) WriteLedger(list ...LedgerDay) error {
	for _, d := range list {
		a, err := s.account(d.Account)
		if err != nil {
			return err
		}
		if d.Disposition == "" {
			d.Disposition = "SELLABLE"
		}
		if d.Country == "" {
			d.Country = "US"
		}
		a.mu.Lock()
		same := func(x LedgerDay) bool {
			return x.Day.Equal(d.Day) && x.SKU == d.SKU && x.Disposition == d.Disposition && x.Country == d.Country
		}
		a.ledger = append(slices.DeleteFunc(a.ledger, same), d)
		a.mu.Unlock()
	}
	return nil
}

// WriteLosses has Amazon's ledger of the last four weeks show the units that the
// account's settlements pay for, and a few that nobody has paid for yet.
func (s *Server) WriteLosses(key string, now time.Time) error {
	a, err := s.account(key)
	if err != nil {
		return err
	}
	today := now.UTC().Truncate(24 * time.Hour)
	ago := func(days int) time.Time { return today.AddDate(0, 0, -days) }
	products := seller.Products()
	list := []LedgerDay{
		{Day: ago(27), SKU: products[2].SKU, Starting: 60, Lost: -2},
		{Day: ago(21), SKU: products[4].SKU, Starting: 48, Lost: -3}, {Day: ago(15), SKU: products[4].SKU, Starting: 45, Found: 1},
		{Day: ago(9), SKU: products[6].SKU, Starting: 52, Damaged: -1}, {Day: ago(4), SKU: products[8].SKU, Starting: 70, Lost: -4},
	}
	for n := max(a.seller().Finished(now)-2, 0); n < a.seller().Finished(now); n++ {
		err := a.Books.Lines(n, func(l seller.Line) error {
			day := LedgerDay{Day: l.Posted.UTC().Truncate(24*time.Hour).AddDate(0, 0, -3), SKU: l.SKU, Starting: 50}
			switch l.Description {
			case "WAREHOUSE_LOST":
				day.Lost = -1
			case "WAREHOUSE_DAMAGE":
				day.Damaged = -1
			default:
				return nil
			}
			if day.Day.After(ago(28)) && day.Day.Before(today) {
				list = append(list, day)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("read cycle %d of %s: %w", n, key, err)
		}
	}
	for i := range list {
		list[i].Account, list[i].Country = key, map[string]string{"us": "US", "uk": "GB", "eu": "DE"}[key]
	}
	return s.WriteLedger(list...)
}

// ledgerReport writes the report of a span of time; nil when nothing moved. As
// Amazon does, it tells of a day more than it was asked for.
func (a *account) ledgerReport(since, until time.Time) []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	quoted := func(fields ...string) string { return `"` + strings.Join(fields, "\"\t\"") + "\"\r\n" }
	var b strings.Builder
	for _, d := range a.ledger {
		if d.Day.Before(since) || d.Day.After(until) {
			continue
		}
		if b.Len() == 0 {
			b.WriteString(quoted("Date", "FNSKU", "ASIN", "MSKU", "Title", "Disposition", "Starting Warehouse Balance", "In Transit Between Warehouses", "Receipts", "Customer Shipments", "Customer Returns",
				"Vendor Returns", "Warehouse Transfer In/Out", "Found", "Lost", "Damaged", "Disposed", "Other Events", "Ending Warehouse Balance", "Unknown Events", "Location"))
		}
		n := func(units int) string { return fmt.Sprint(units) }
		b.WriteString(quoted(d.Day.Format("01/02/2006"), "X001", "B001", d.SKU, `8"" pan`, d.Disposition, n(d.Starting), "0", n(d.Receipts), n(d.Shipments), n(d.Returns), "0", "0", n(d.Found), n(d.Lost), n(d.Damaged), "0",
			n(d.Other), n(d.ending()), "0", d.Country))
	}
	if b.Len() == 0 {
		return nil
	}
	return []byte(b.String())
}
