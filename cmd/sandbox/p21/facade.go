package p21

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/shopspring/decimal"
)

// facadeError is the envelope of /api/v2.
type facadeError struct {
	ErrorMessage string
	ErrorType    string
	Errors       []facadeField `json:",omitempty"`
	ExistingKey  string        `json:",omitempty"`
}

type facadeField struct{ Field, Code, Message string }

type facadeJournal struct {
	JournalEntryNumber     string
	Status                 string
	PostedAt               string
	CompanyId              string
	ExternalReference      string
	JournalId              string
	TransactionDate        string
	Period                 int
	FiscalYear             int
	CurrencyCode           string
	FunctionalCurrencyCode string
	ExchangeRate           number
	Description            string
	Lines                  []facadeLine
}

type facadeLine struct {
	LineNumber       int
	GLAccount        string
	Branch           string `json:",omitempty"`
	Debit            number
	Credit           number
	FunctionalDebit  *number
	FunctionalCredit *number
	Description      string
}

func (s *Server) facade() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v2/GLAccounts", s.listAccounts)
	mux.HandleFunc("GET /api/v2/FiscalPeriods", s.listPeriods)
	if !slices.Contains(s.config.Without, "ExchangeRates") {
		mux.HandleFunc("GET /api/v2/ExchangeRates", s.listRates)
	}
	mux.HandleFunc("POST /api/v2/JournalEntries", s.createJournal)
	if !s.config.NoJournalRead {
		mux.HandleFunc("GET /api/v2/JournalEntries", s.listJournals)
		mux.HandleFunc("GET /api/v2/JournalEntries/{number}", s.readJournal)
		mux.HandleFunc("GET /api/v2/GLLines", s.listLedger)
	}
	s.tradeRoutes(mux)
	return mux
}

// maxTop is the longest page.
const maxTop = 1000

// list answers a query over t; values turns rows into what is sent.
func list(w http.ResponseWriter, r *http.Request, t table, value func(row) any) {
	query := r.URL.Query()
	if top, err := strconv.Atoi(query.Get("$top")); err == nil && top > maxTop {
		writeJSON(w, http.StatusBadRequest, facadeError{ErrorMessage: "$top is at most 1000", ErrorType: "Validation"})
		return
	}
	found, err := t.run(query, maxTop)
	if err != nil {
		writeJSON(w, http.StatusBadRequest, facadeError{ErrorMessage: err.Error(), ErrorType: "Validation"})
		return
	}
	values := make([]any, len(found.rows))
	for i, row := range found.rows {
		values[i] = value(row)
	}
	answer := map[string]any{"value": values}
	if query.Get("$count") == "true" {
		answer["@odata.count"] = found.count
	}
	writeJSON(w, http.StatusOK, answer)
}

func plain(r row) any { return wire([]row{r})[0] }

func (s *Server) listAccounts(w http.ResponseWriter, r *http.Request) {
	t := table{columns: []string{"CompanyId", "GLAccount", "Description", "AccountType", "ControlType", "Branch", "Active"}}
	for _, c := range s.books.companies {
		for _, a := range s.books.chart {
			t.rows = append(t.rows, row{"CompanyId": c.ID, "GLAccount": a.Number, "Description": a.Description, "AccountType": a.Type,
				"ControlType": a.Control, "Branch": "", "Active": !a.Closed})
		}
	}
	list(w, r, t, plain)
}

func (s *Server) listPeriods(w http.ResponseWriter, r *http.Request) {
	t := table{columns: []string{"CompanyId", "FiscalYear", "Period", "BeginningDate", "EndingDate", "Closed"}}
	for _, c := range s.books.companies {
		for _, p := range s.Periods(c.ID) {
			t.rows = append(t.rows, row{"CompanyId": c.ID, "FiscalYear": whole(p.FiscalYear), "Period": whole(p.Number),
				"BeginningDate": p.Starts.String(), "EndingDate": p.Ends.String(), "Closed": p.Closed})
		}
	}
	list(w, r, t, plain)
}

func (s *Server) listJournals(w http.ResponseWriter, r *http.Request) {
	t := table{columns: []string{"CompanyId", "ExternalReference", "JournalEntryNumber", "JournalId", "TransactionDate", "Period", "FiscalYear", "journal"}}
	for _, j := range s.books.all() {
		t.rows = append(t.rows, row{"CompanyId": j.Company, "ExternalReference": j.Reference, "JournalEntryNumber": strconv.FormatInt(j.Number, 10),
			"JournalId": j.JournalID, "TransactionDate": j.Date, "Period": whole(j.Period), "FiscalYear": whole(j.FiscalYear), "journal": j})
	}
	list(w, r, t, func(r row) any { return facadeOf(r["journal"].(Journal)) })
}

// listLedger shows the general ledger line by line.
func (s *Server) listLedger(w http.ResponseWriter, r *http.Request) {
	t := table{columns: []string{"LineId", "CompanyId", "GLAccount", "FiscalYear", "Period", "JournalEntryNumber", "ExternalReference", "JournalId", "TransactionDate", "Description", "FunctionalDebit", "FunctionalCredit"}}
	for _, j := range s.books.all() {
		for i, l := range j.Lines {
			t.rows = append(t.rows, row{"LineId": whole(j.FirstUID + int64(i)), "CompanyId": j.Company, "GLAccount": l.Account, "FiscalYear": whole(j.FiscalYear), "Period": whole(j.Period),
				"JournalEntryNumber": strconv.FormatInt(j.Number, 10), "ExternalReference": j.Reference, "JournalId": j.JournalID, "TransactionDate": j.Date, "Description": l.Description,
				"FunctionalDebit": l.FunctionalDebit, "FunctionalCredit": l.FunctionalCredit})
		}
	}
	list(w, r, t, plain)
}

func (s *Server) readJournal(w http.ResponseWriter, r *http.Request) {
	for _, j := range s.books.all() {
		if strconv.FormatInt(j.Number, 10) == r.PathValue("number") {
			writeJSON(w, http.StatusOK, facadeOf(j))
			return
		}
	}
	writeJSON(w, http.StatusNotFound, facadeError{ErrorMessage: "There is no such journal entry", ErrorType: "NotFound"})
}

func (s *Server) createJournal(w http.ResponseWriter, r *http.Request) {
	var asked facadeJournal
	if err := json.NewDecoder(io.LimitReader(r.Body, 32<<20)).Decode(&asked); err != nil {
		writeJSON(w, http.StatusBadRequest, facadeError{ErrorMessage: "The request is not valid JSON: " + err.Error(), ErrorType: "Validation"})
		return
	}
	if _, err := time.Parse(time.DateOnly, asked.TransactionDate); err != nil {
		writeJSON(w, http.StatusUnprocessableEntity, facadeError{ErrorMessage: "TransactionDate is not a date", ErrorType: "Validation",
			Errors: []facadeField{{"TransactionDate", "Required", "must be YYYY-MM-DD"}}})
		return
	}
	posted, err := s.books.post(asked.journal(), true)
	if refused, ok := refusal(err); ok {
		writeRefusal(w, refused)
		return
	}
	if err != nil {
		writeJSON(w, http.StatusInternalServerError, facadeError{ErrorMessage: err.Error(), ErrorType: "Unavailable"})
		return
	}
	w.Header().Set("Location", fmt.Sprintf("/api/v2/JournalEntries/%d", posted.Number))
	writeJSON(w, http.StatusCreated, facadeOf(posted))
}

func writeRefusal(w http.ResponseWriter, refused *errRefused) {
	answer := facadeError{ErrorMessage: refused.message, ErrorType: refused.kind, ExistingKey: refused.existing}
	if refused.field != "" {
		answer.Errors = []facadeField{{refused.field, refused.code, refused.message}}
	}
	status := http.StatusUnprocessableEntity
	switch refused.kind {
	case "Duplicate", "Conflict":
		status = http.StatusConflict
	case "NotFound":
		status = http.StatusNotFound
	}
	writeJSON(w, status, answer)
}

// journal reads a request; without functional amounts they are the amounts
// themselves, as for a journal in the company's own currency.
func (f facadeJournal) journal() Journal {
	j := Journal{
		Company: f.CompanyId, Reference: f.ExternalReference, JournalID: f.JournalId, Date: f.TransactionDate, Period: f.Period, FiscalYear: f.FiscalYear,
		Currency: f.CurrencyCode, Rate: f.ExchangeRate.Decimal, Description: f.Description, Surface: "seedv2",
	}
	functional := func(given *number, amount number) decimal.Decimal {
		if given != nil {
			return given.Decimal
		}
		return amount.Mul(f.ExchangeRate.Decimal).Round(2)
	}
	for _, l := range f.Lines {
		j.Lines = append(j.Lines, Line{
			Number: l.LineNumber, Account: l.GLAccount, Branch: l.Branch, Description: l.Description,
			Debit: l.Debit.Decimal, Credit: l.Credit.Decimal,
			FunctionalDebit: functional(l.FunctionalDebit, l.Debit), FunctionalCredit: functional(l.FunctionalCredit, l.Credit),
		})
	}
	return j
}

func facadeOf(j Journal) facadeJournal {
	f := facadeJournal{
		JournalEntryNumber: strconv.FormatInt(j.Number, 10), Status: "Posted", PostedAt: j.PostedAt.Format(time.RFC3339Nano),
		CompanyId: j.Company, ExternalReference: j.Reference, JournalId: j.JournalID, TransactionDate: j.Date, Period: j.Period, FiscalYear: j.FiscalYear,
		CurrencyCode: j.Currency, FunctionalCurrencyCode: j.Functional, ExchangeRate: number{j.Rate}, Description: j.Description,
	}
	for _, l := range j.Lines {
		f.Lines = append(f.Lines, facadeLine{
			LineNumber: l.Number, GLAccount: l.Account, Branch: l.Branch, Debit: number{l.Debit}, Credit: number{l.Credit},
			FunctionalDebit: &number{l.FunctionalDebit}, FunctionalCredit: &number{l.FunctionalCredit}, Description: l.Description,
		})
	}
	return f
}
