package p21

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/clock"
	"tieout/app/period"
)

// Journal is a posted journal in the stand-in's books.
type Journal struct {
	Number      int64           `json:"number"`
	Company     string          `json:"company"`
	Reference   string          `json:"reference"`
	JournalID   string          `json:"journalId"`
	Date        string          `json:"date"` // YYYY-MM-DD
	Period      int             `json:"period"`
	FiscalYear  int             `json:"fiscalYear"`
	Currency    string          `json:"currency"`
	Functional  string          `json:"functionalCurrency"`
	Rate        decimal.Decimal `json:"exchangeRate"`
	Description string          `json:"description"`
	PostedAt    time.Time       `json:"postedAt"`
	Surface     string          `json:"surface"` // seedv2 or native: where it came in
	FirstUID    int64           `json:"firstUid"`
	Lines       []Line          `json:"lines"`
}

// Line is one line of a Journal.
type Line struct {
	Number           int             `json:"number"`
	Account          string          `json:"account"`
	Branch           string          `json:"branch,omitempty"`
	Debit            decimal.Decimal `json:"debit"`
	Credit           decimal.Decimal `json:"credit"`
	FunctionalDebit  decimal.Decimal `json:"functionalDebit"`
	FunctionalCredit decimal.Decimal `json:"functionalCredit"`
	Description      string          `json:"description"`
}

const (
	firstYear   = 2024
	firstNumber = 100_001
	openingID   = "GJ"
)

type periodKey struct {
	Company    string
	FiscalYear int
	Period     int
}

// books are what P21's database would hold.
type books struct {
	clock      clock.Clock
	companies  []Company
	chart      []Account
	openMonths int
	opening    []Journal
	onPost     func(Journal)
	trade      *trade

	mu       sync.Mutex
	journals []Journal
	closed   map[periodKey]bool // set by hand; else by age
	nextUID  int64
	log      *journalLog // nil: in memory only
}

func openBooks(cfg Config) (*books, error) {
	b := &books{
		clock: cfg.Clock, companies: cfg.Companies, chart: ChartOfAccounts(), openMonths: cfg.OpenMonths,
		onPost: cfg.OnPost, closed: map[periodKey]bool{}, nextUID: 1, trade: newTrade(cfg),
	}
	chance := rand.New(rand.NewPCG(cfg.Seed, 21))
	for i, c := range cfg.Companies {
		b.opening = append(b.opening, b.openingOf(c, int64(i+1), chance))
	}
	if cfg.Directory == "" {
		return b, nil
	}
	log, err := openLog(cfg.Directory, b)
	b.log, b.trade.log = log, log
	return b, err
}

// openingOf brings forward what the company owned before: a ledger is never empty.
func (b *books) openingOf(c Company, number int64, chance *rand.Rand) Journal {
	amount := func(least int64) decimal.Decimal { return decimal.New(least*100+chance.Int64N(least*50), -2) }
	bank, stock, fba, owed := amount(250_000), amount(400_000), amount(150_000), amount(90_000)
	debit := func(account string, d decimal.Decimal) Line {
		return Line{Account: account, Debit: d, FunctionalDebit: d, Description: "Opening balance"}
	}
	credit := func(account string, d decimal.Decimal) Line {
		return Line{Account: account, Credit: d, FunctionalCredit: d, Description: "Opening balance"}
	}
	j := Journal{
		Number: number, Company: c.ID, Reference: "OPENING", JournalID: openingID, Date: fmt.Sprintf("%d-01-01", firstYear),
		Period: 1, FiscalYear: firstYear, Currency: c.Currency, Functional: c.Currency, Rate: decimal.NewFromInt(1),
		Description: "Opening balance", PostedAt: time.Date(firstYear, 1, 2, 9, 0, 0, 0, time.UTC), FirstUID: b.nextUID,
		Lines: []Line{
			debit(Bank, bank), debit("1310-000", stock), debit("1320-000", fba),
			credit("2010-000", owed), credit("3020-000", bank.Add(stock).Add(fba).Sub(owed)),
		},
	}
	for i := range j.Lines {
		j.Lines[i].Number = i + 1
	}
	b.nextUID += int64(len(j.Lines))
	return j
}

// post checks a journal against the books' rules and enters it. A refusal is
// an *errRefused.
func (b *books) post(j Journal, refuseDuplicates bool) (Journal, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	company, ok := b.company(j.Company)
	if !ok {
		return Journal{}, &errRefused{kind: "Validation", message: fmt.Sprintf("Company %s does not exist", j.Company), field: "CompanyId", code: "UnknownCompany"}
	}
	if refuseDuplicates {
		for _, known := range b.journals {
			if known.Company == j.Company && known.Reference == j.Reference {
				return Journal{}, &errRefused{kind: "Duplicate", message: fmt.Sprintf("%s was posted before", j.Reference), existing: fmt.Sprint(known.Number)}
			}
		}
	}
	if err := b.check(j, company); err != nil {
		return Journal{}, err
	}
	j.Functional = company.Currency
	j.Number = firstNumber + int64(len(b.journals))
	j.PostedAt = b.clock.Now()
	j.FirstUID = b.nextUID
	j.Lines = slices.Clone(j.Lines)
	if b.log != nil {
		if err := b.log.append(event{Journal: &j}); err != nil {
			return Journal{}, err
		}
	}
	b.enter(j)
	if b.onPost != nil {
		b.onPost(j)
	}
	return j, nil
}

func (b *books) enter(j Journal) {
	b.journals = append(b.journals, j)
	b.nextUID = j.FirstUID + int64(len(j.Lines))
}

func (b *books) check(j Journal, company Company) error {
	if j.JournalID == "" || len(j.JournalID) > 2 || j.Reference == "" || len(j.Lines) == 0 {
		return &errRefused{kind: "Validation", message: "Journal, reference and lines are required", field: "JournalId", code: "Required"}
	}
	var debit, credit, functionalDebit, functionalCredit decimal.Decimal
	for i, l := range j.Lines {
		account, exists := find(b.chart, l.Account)
		if !exists || account.Closed {
			return &errRefused{kind: "Validation", code: "UnknownAccount", field: fmt.Sprintf("Lines[%d].GLAccount", i),
				message: fmt.Sprintf("Account number %s is not valid for company %s", l.Account, j.Company)}
		}
		if l.Debit.IsNegative() || l.Credit.IsNegative() || !l.Debit.IsZero() && !l.Credit.IsZero() {
			return &errRefused{kind: "Validation", code: "Amount", field: fmt.Sprintf("Lines[%d]", i), message: "Give either a debit or a credit, not negative"}
		}
		debit, credit = debit.Add(l.Debit), credit.Add(l.Credit)
		functionalDebit, functionalCredit = functionalDebit.Add(l.FunctionalDebit), functionalCredit.Add(l.FunctionalCredit)
	}
	if !debit.Equal(credit) || !functionalDebit.Equal(functionalCredit) || len(j.Lines) < 2 {
		return &errRefused{kind: "Unbalanced", message: "Records do not balance"}
	}
	p, exists := b.period(j.Company, j.FiscalYear, j.Period)
	if !exists {
		return &errRefused{kind: "Validation", code: "UnknownPeriod", field: "Period", message: fmt.Sprintf("Period %d of %d does not exist", j.Period, j.FiscalYear)}
	}
	if p.Closed {
		return &errRefused{kind: "PeriodClosed", message: fmt.Sprintf("Period %d of %d is closed", j.Period, j.FiscalYear)}
	}
	if j.Currency != company.Currency && !j.Rate.IsPositive() {
		return &errRefused{kind: "Validation", code: "Required", field: "ExchangeRate", message: "A foreign currency needs an exchange rate"}
	}
	return nil
}

func (b *books) company(id string) (Company, bool) {
	i := slices.IndexFunc(b.companies, func(c Company) bool { return c.ID == id })
	if i < 0 {
		return Company{}, false
	}
	return b.companies[i], true
}

// calendar returns the company's periods, calendar months; the caller holds mu.
func (b *books) calendar(company string) period.Calendar {
	now := b.clock.Now()
	openFrom := period.DateOf(now.AddDate(0, -b.openMonths, 0))
	var calendar period.Calendar
	for year := firstYear; year <= max(2027, now.Year()+1); year++ {
		for month := time.January; month <= time.December; month++ {
			p := period.Period{FiscalYear: year, Number: int(month), Starts: period.Date{Year: year, Month: month, Day: 1}}
			p.Ends = period.DateOf(p.Starts.Time().AddDate(0, 1, -1))
			p.Closed = p.Ends.Before(openFrom)
			if closed, set := b.closed[periodKey{company, year, int(month)}]; set {
				p.Closed = closed
			}
			calendar = append(calendar, p)
		}
	}
	return calendar
}

func (b *books) period(company string, year, number int) (period.Period, bool) {
	calendar := b.calendar(company)
	i := slices.IndexFunc(calendar, func(p period.Period) bool { return p.FiscalYear == year && p.Number == number })
	if i < 0 {
		return period.Period{}, false
	}
	return calendar[i], true
}

func (b *books) setClosed(key periodKey, closed bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, exists := b.company(key.Company); !exists {
		return fmt.Errorf("there is no company %q", key.Company)
	}
	if _, exists := b.period(key.Company, key.FiscalYear, key.Period); !exists {
		return fmt.Errorf("company %s has no period %d of %d", key.Company, key.Period, key.FiscalYear)
	}
	if b.log != nil {
		if err := b.log.append(event{Period: &periodEvent{key, closed}}); err != nil {
			return err
		}
	}
	b.closed[key] = closed
	return nil
}

// all returns every journal of every company, opening balances first.
func (b *books) all() []Journal {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Concat(b.opening, b.journals)
}

func (b *books) close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.log == nil {
		return nil
	}
	return b.log.close()
}

// Balance is what an account holds, in functional currency: debits less credits.
type Balance struct {
	Account     string          `json:"account"`
	Description string          `json:"description"`
	Balance     decimal.Decimal `json:"balance"`
}

// Journals returns what was posted to a company, in order; all companies when
// empty. Opening balances are not among it.
func (s *Server) Journals(company string) []Journal {
	s.books.mu.Lock()
	defer s.books.mu.Unlock()
	var posted []Journal
	for _, j := range s.books.journals {
		if company == "" || j.Company == company {
			posted = append(posted, j)
		}
	}
	return posted
}

// Enter is a person who types a journal into P21's own window, which refuses no
// reference. It returns the journal's number.
func (s *Server) Enter(j Journal) (int64, error) {
	posted, err := s.books.post(j, false)
	return posted.Number, err
}

// ByReference returns the journals that were posted with this reference:
// exactly one when a writer did its work.
func (s *Server) ByReference(company, reference string) []Journal {
	return slices.DeleteFunc(s.Journals(company), func(j Journal) bool { return j.Reference != reference })
}

// TrialBalance returns the balance of every account that has postings, by
// number, opening balances included. The balances sum to zero.
func (s *Server) TrialBalance(company string) []Balance {
	sums := map[string]decimal.Decimal{}
	for _, j := range s.books.all() {
		if j.Company != company {
			continue
		}
		for _, l := range j.Lines {
			sums[l.Account] = sums[l.Account].Add(l.FunctionalDebit).Sub(l.FunctionalCredit)
		}
	}
	balances := make([]Balance, 0, len(sums))
	for number, sum := range sums {
		account, _ := find(s.books.chart, number)
		balances = append(balances, Balance{number, account.Description, sum})
	}
	slices.SortFunc(balances, func(a, b Balance) int { return cmp.Compare(a.Account, b.Account) })
	return balances
}

// ClosePeriod closes a period, or opens it again, whatever its age.
func (s *Server) ClosePeriod(company string, fiscalYear, number int, closed bool) error {
	return s.books.setClosed(periodKey{company, fiscalYear, number}, closed)
}

// Periods returns a company's fiscal periods.
func (s *Server) Periods(company string) period.Calendar {
	s.books.mu.Lock()
	defer s.books.mu.Unlock()
	return s.books.calendar(company)
}
