package p21

import (
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// table returns one of P21's tables as OData shows it.
func (s *Server) table(name string) (table, bool) {
	switch name {
	case "gl":
		return s.glTable(), true
	case "chart_of_accts":
		return s.accountTable(), true
	case "periods":
		return s.periodTable(), true
	case "currency_hdr":
		return currencyTable(), true
	case "journal":
		return journalTable(), true
	case "company":
		return s.companyTable(), true
	}
	return table{}, false
}

func (s *Server) glTable() table {
	t := table{columns: []string{"gl_uid", "company_no", "account_number", "period", "year_for_period", "journal_id", "amount", "foreign_amount", "currency_id",
		"source", "description", "transaction_date", "transaction_number", "sequence_number", "approved", "source_type_cd", "record_type_cd",
		"exchange_rate_manual_entry", "date_created", "date_last_modified", "last_maintained_by"}}
	for _, l := range s.glLines(func(Journal) bool { return true }) {
		r := row{
			"gl_uid": whole(l.GlUid), "company_no": l.CompanyNo, "account_number": l.AccountNumber, "period": whole(l.Period), "year_for_period": whole(l.YearForPeriod),
			"journal_id": l.JournalId, "amount": l.Amount.Decimal, "foreign_amount": l.ForeignAmount.Decimal, "currency_id": whole(l.CurrencyId),
			"source": l.Source, "description": l.Description, "transaction_date": l.TransactionDate, "transaction_number": whole(l.TransactionNumber),
			"sequence_number": whole(l.SequenceNumber), "approved": "Y", "source_type_cd": whole(l.SourceTypeCd), "record_type_cd": whole(l.RecordTypeCd),
			"exchange_rate_manual_entry": nil, "date_created": l.DateCreated, "date_last_modified": l.DateLastModified, "last_maintained_by": l.LastMaintainedBy,
		}
		if l.ExchangeRateManualEntry != nil {
			r["exchange_rate_manual_entry"] = l.ExchangeRateManualEntry.Decimal
		}
		t.rows = append(t.rows, r)
	}
	return t
}

func (s *Server) accountTable() table {
	t := table{columns: []string{"company_no", "account_no", "account_desc", "account_type", "branch_id", "delete_flag", "account_definition_cd", "chart_of_accts_uid", "date_last_modified"}}
	letters := map[string]string{"Asset": "A", "Liability": "L", "Equity": "Q", "Income": "R", "Expense": "E"}
	definitions := map[string]any{"AR": whole(2461), "AP": whole(2462), "": nil}
	for _, c := range s.books.companies {
		for _, a := range s.books.chart {
			t.rows = append(t.rows, row{
				"company_no": c.ID, "account_no": a.Number, "account_desc": a.Description, "account_type": letters[a.Type], "branch_id": "",
				"delete_flag": flag(a.Closed), "account_definition_cd": definitions[a.Control],
				"chart_of_accts_uid": whole(len(t.rows) + 1), "date_last_modified": "2024-01-02T09:00:00",
			})
		}
	}
	return t
}

// periodTable has an adjustment period 13 over each December.
func (s *Server) periodTable() table {
	t := table{columns: []string{"company_no", "period", "year_for_period", "period_closed", "beginning_date", "ending_date", "adjustment_period_flag", "period_reopened"}}
	for _, c := range s.books.companies {
		for _, p := range s.Periods(c.ID) {
			r := row{
				"company_no": c.ID, "period": whole(p.Number), "year_for_period": whole(p.FiscalYear), "period_closed": flag(p.Closed),
				"beginning_date": p.Starts.String() + "T00:00:00", "ending_date": p.Ends.String() + "T23:59:59",
				"adjustment_period_flag": "N", "period_reopened": "N",
			}
			t.rows = append(t.rows, r)
			if p.Starts.Month == time.December {
				adjustment := row{}
				for column, value := range r {
					adjustment[column] = value
				}
				adjustment["period"], adjustment["adjustment_period_flag"] = whole(13), "Y"
				t.rows = append(t.rows, adjustment)
			}
		}
	}
	return t
}

func flag(on bool) string {
	if on {
		return "Y"
	}
	return "N"
}

// currencies of the demo; a currency's id is its place, from 1.
func currencies() []string {
	return []string{"USD", "GBP", "EUR", "CAD", "MXN", "BRL", "JPY", "AUD", "SEK", "PLN", "TRY", "AED", "SAR", "INR", "SGD", "EGP", "ZAR"}
}

func currencyID(iso string) int64 { return int64(slices.Index(currencies(), iso) + 1) }

func currencyByID(id int64) string {
	if id < 1 || id > int64(len(currencies())) {
		return ""
	}
	return currencies()[id-1]
}

func currencyTable() table {
	t := table{columns: []string{"currency_id", "currency_desc", "delete_flag", "iso_currency_cd"}}
	for i, iso := range currencies() {
		t.rows = append(t.rows, row{"currency_id": whole(i + 1), "currency_desc": iso, "delete_flag": "N", "iso_currency_cd": decimal.NewFromInt(int64(1700 + i))})
	}
	return t
}

func journalTable() table {
	t := table{columns: []string{"journal_id", "journal_description", "journal_type"}}
	for _, j := range [][3]string{
		{"AC", "Accruals", "U"}, {"AP", "Accounts payable", "S"}, {"AR", "Accounts receivable", "S"}, {"AZ", "Amazon settlements", "U"},
		{"CR", "Cash receipts", "S"}, {"GJ", "General journal", "U"}, {"IA", "Inventory adjustment", "S"},
	} {
		t.rows = append(t.rows, row{"journal_id": j[0], "journal_description": j[1], "journal_type": j[2]})
	}
	return t
}

func (s *Server) companyTable() table {
	t := table{columns: []string{"company_id", "company_name", "fiscal_year_end"}}
	for _, c := range s.books.companies {
		t.rows = append(t.rows, row{"company_id": c.ID, "company_name": strings.ToUpper(c.Name), "fiscal_year_end": whole(12)})
	}
	return t
}
