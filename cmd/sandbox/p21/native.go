package p21

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

const (
	business  = "P21.Business.Common.BusinessException"
	localTime = "2006-01-02T15:04:05.999" // P21 tells times without an offset
)

// glLine is a line of /api/accounting/gl/, in and out.
type glLine struct {
	CompanyNo               string
	AccountNumber           string
	Period                  int
	YearForPeriod           int
	JournalId               string
	Amount                  number
	ForeignAmount           number
	CurrencyId              int64
	ExchangeRateManualEntry *number
	Description             string
	Source                  string
	TransactionDate         string
	TransactionNumber       int64
	SequenceNumber          int
	GlUid                   int64
	Approved                bool
	SourceTypeCd            int
	RecordTypeCd            int
	DateCreated             string
	DateLastModified        string
	LastMaintainedBy        string
	UserDefinedFields       struct{}
}

func (s *Server) gl() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/accounting/gl/{$}", s.postGL)
	mux.HandleFunc("GET /api/accounting/gl/ping", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"ResponseMessage": "success"})
	})
	// The bare collection is the whole table, whatever $top, limit or page say.
	mux.HandleFunc("GET /api/accounting/gl/{$}", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, s.glLines(func(Journal) bool { return true }))
	})
	mux.HandleFunc("GET /api/accounting/gl/{number}", func(w http.ResponseWriter, r *http.Request) {
		asked, err := strconv.ParseInt(r.PathValue("number"), 10, 64)
		if err != nil {
			writeError(w, http.StatusBadRequest, nativeError{"The request is invalid.", "System.FormatException"})
			return
		}
		writeJSON(w, http.StatusOK, s.glLines(func(j Journal) bool { return j.Number == asked })) // unknown: []
	})
	return mux
}

// postGL posts at once and as often as it is asked to.
func (s *Server) postGL(w http.ResponseWriter, r *http.Request) {
	var lines []glLine
	if err := json.NewDecoder(io.LimitReader(r.Body, 32<<20)).Decode(&lines); err != nil || len(lines) == 0 {
		writeError(w, http.StatusBadRequest, nativeError{"The request is invalid.", "System.ArgumentException"})
		return
	}
	journal, err := s.journalOf(lines)
	if err == nil {
		journal, err = s.books.post(journal, false)
	}
	if refused, ok := refusal(err); ok {
		writeError(w, http.StatusInternalServerError, nativeError{refused.message, business})
		return
	}
	if err != nil {
		writeError(w, http.StatusInternalServerError, nativeError{err.Error(), "P21.DataAccess.PbNet.Common.PbService.P21ServerException"})
		return
	}
	writeJSON(w, http.StatusOK, s.glLinesOf(journal))
}

func (s *Server) journalOf(lines []glLine) (Journal, error) {
	head := lines[0]
	company, _ := s.books.company(head.CompanyNo)
	date, _, _ := strings.Cut(head.TransactionDate, "T")
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		return Journal{}, &errRefused{message: "Transaction date is required"}
	}
	j := Journal{
		Company: head.CompanyNo, Reference: head.Source, JournalID: head.JournalId, Date: date, Period: head.Period, FiscalYear: head.YearForPeriod,
		Currency: company.Currency, Rate: decimal.NewFromInt(1), Description: head.Description, Surface: "native",
	}
	if head.CurrencyId != 0 {
		if j.Currency = currencyByID(head.CurrencyId); j.Currency == "" {
			return Journal{}, &errRefused{message: fmt.Sprintf("Currency ID %d does not exist", head.CurrencyId)}
		}
	}
	if head.ExchangeRateManualEntry != nil {
		j.Rate = head.ExchangeRateManualEntry.Decimal
	}
	for i, g := range lines {
		if g.CompanyNo != head.CompanyNo || g.Period != head.Period || g.YearForPeriod != head.YearForPeriod {
			return Journal{}, &errRefused{message: "All records must have the same company and period"}
		}
		line := Line{Number: i + 1, Account: g.AccountNumber, Description: g.Description}
		line.Debit, line.Credit = s.split(g.ForeignAmount.Decimal)
		line.FunctionalDebit, line.FunctionalCredit = s.split(g.Amount.Decimal)
		j.Lines = append(j.Lines, line)
	}
	return j, nil
}

func (s *Server) split(amount decimal.Decimal) (debit, credit decimal.Decimal) {
	if amount.IsNegative() != s.config.CreditPositive {
		return decimal.Zero, amount.Abs()
	}
	return amount.Abs(), decimal.Zero
}

func (s *Server) signed(debit, credit decimal.Decimal) decimal.Decimal {
	if s.config.CreditPositive {
		return credit.Sub(debit)
	}
	return debit.Sub(credit)
}

func (s *Server) glLines(which func(Journal) bool) []glLine {
	lines := []glLine{}
	for _, j := range s.books.all() {
		if which(j) {
			lines = append(lines, s.glLinesOf(j)...)
		}
	}
	return lines
}

func (s *Server) glLinesOf(j Journal) []glLine {
	lines := make([]glLine, len(j.Lines))
	for i, l := range j.Lines {
		lines[i] = glLine{
			CompanyNo: j.Company, AccountNumber: l.Account, Period: j.Period, YearForPeriod: j.FiscalYear, JournalId: j.JournalID,
			Amount: number{s.signed(l.FunctionalDebit, l.FunctionalCredit)}, ForeignAmount: number{s.signed(l.Debit, l.Credit)},
			CurrencyId: currencyID(j.Currency), Description: l.Description, Source: j.Reference, TransactionDate: j.Date + "T00:00:00",
			TransactionNumber: j.Number, SequenceNumber: i + 1, GlUid: j.FirstUID + int64(i), Approved: true, SourceTypeCd: 3495, RecordTypeCd: 1367,
			DateCreated: j.PostedAt.Format(localTime), DateLastModified: j.PostedAt.Format(localTime), LastMaintainedBy: s.config.Username,
		}
		if j.Currency != j.Functional {
			lines[i].ExchangeRateManualEntry = &number{j.Rate}
		}
	}
	return lines
}

// serveTable answers OData reads of tables.
func (s *Server) serveTable(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutPrefix(r.URL.Path, "/odataservice/odata/table/")
	t, known := s.table(name)
	if held, err := s.books.trade.snapshot(); err == nil && !known {
		t, known = s.tradeTable(name, narrowed(name, r.URL.Query().Get("$filter"), held))
	}
	if !ok || !known || r.Method != http.MethodGet {
		writeJSON(w, http.StatusNotFound, map[string]any{"error": map[string]string{"code": "", "message": "Resource not found for the segment '" + name + "'."}})
		return
	}
	found, err := t.run(r.URL.Query(), 0)
	if err != nil {
		status := http.StatusBadRequest
		if errors.Is(err, errColumn) {
			status = http.StatusNotFound
		}
		writeJSON(w, status, map[string]any{"error": map[string]string{"code": "", "message": err.Error()}})
		return
	}
	answer := map[string]any{"@odata.context": "http://" + r.Host + "/odataservice/odata/$metadata#" + name, "value": wire(found.rows)}
	if r.URL.Query().Get("$count") == "true" {
		answer["@odata.count"] = found.count
	}
	writeJSON(w, http.StatusOK, answer)
}
