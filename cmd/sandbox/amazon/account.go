package amazon

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"tieout/cmd/sandbox/seller"
)

// Kept is how long Amazon lists a report.
const Kept = 90 * 24 * time.Hour

const (
	settlementType = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"
	queued         = 4 * time.Minute // from the end of a cycle until Amazon begins with its report
	written        = 7 * time.Minute // and until the report is listed
)

// report is one entry of getReports.
type report struct {
	ID           string    `json:"reportId"`
	Type         string    `json:"reportType"`
	Start        time.Time `json:"dataStartTime"`
	End          time.Time `json:"dataEndTime"`
	Created      time.Time `json:"createdTime"`
	Status       string    `json:"processingStatus"`
	Began        time.Time `json:"processingStartTime"`
	Ended        time.Time `json:"processingEndTime"`
	Document     string    `json:"reportDocumentId,omitempty"`
	Marketplaces []string  `json:"marketplaceIds"`

	cycle int
	issue *issue // nil: what the books say
}

// issue is a report that was made again.
type issue struct {
	cycle   int
	made    time.Time
	content []byte
}

// account is a seller with what was done to its reports.
type account struct {
	Account

	mu        sync.Mutex
	damaged   map[int]seller.Damage
	issues    []*issue
	requested []report

	book     *seller.OrderBook
	changing sync.Mutex // held from reading an order to keeping what became of it
	extras   []*extra   // orders that were placed or changed from outside

	fulfilments []*fulfilment
	stored      map[string]int // units by SKU, where they differ from plenty

	withheld time.Time // settlements that end after it are not reported; zero: all are

	returned []PlacedReturn
	parcels  []SentParcel
	ledger   []LedgerDay

	inbound []InboundShipment
	fba     map[string]fbaLevel // what Amazon has, by SKU

	listed  map[string]*listing // what the seller ships, by SKU
	written map[string]*writing // by SKU
	uploads map[string][]byte   // of feeds; nil: not there yet
	feeds   []*feed

	subscriptions map[string]subscription // by type of notification
}

func newAccount(a Account) *account {
	return &account{Account: a, damaged: map[int]seller.Damage{}, book: seller.NewOrderBook(a.Books.Account()), stored: map[string]int{}, subscriptions: map[string]subscription{},
		fba: map[string]fbaLevel{}, listed: map[string]*listing{}, written: map[string]*writing{}, uploads: map[string][]byte{}}
}

func (a *account) seller() *seller.Account { return a.Books.Account() }

// reports returns all that Amazon keeps at an instant, the newest first.
func (a *account) reports(now time.Time) []report {
	a.mu.Lock()
	defer a.mu.Unlock()
	var list []report
	for n := a.seller().Finished(now) - 1; n >= 0 && a.seller().End(n).Add(queued).After(now.Add(-Kept)); n-- {
		held := !a.withheld.IsZero() && a.seller().End(n).After(a.withheld)
		if !held && !a.seller().End(n).Add(written).After(now) {
			list = append(list, a.listings(n, 0, nil)...)
		}
	}
	for i, again := range a.issues {
		if again.made.After(now.Add(-Kept)) {
			list = append(list, a.listings(again.cycle, i+1, again)...)
		}
	}
	for _, r := range a.requested {
		if r.Ended.After(now) {
			r.Status, r.Document = "IN_PROGRESS", ""
		}
		list = append(list, r)
	}
	slices.SortStableFunc(list, func(x, y report) int { return y.Created.Compare(x.Created) })
	return list
}

// Withhold has Amazon be late with the reports of a seller's settlements that end
// after an instant; the zero time lets it report them.
func (s *Server) Withhold(account string, after time.Time) error {
	a, err := s.account(account)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.withheld = after
	return nil
}

// listings returns a report as it is listed: once for each marketplace, each
// time with a document of its own that holds the same bytes.
func (a *account) listings(cycle, revision int, again *issue) []report {
	created, began, ended := a.seller().End(cycle).Add(queued), a.seller().End(cycle).Add(queued+20*time.Second), a.seller().End(cycle).Add(written)
	if again != nil {
		created, began, ended = again.made, again.made, again.made
	}
	var list []report
	for i, m := range a.seller().Markets {
		id := fmt.Sprintf("5%05d%03d%02d", cycle, revision, i)
		list = append(list, report{
			ID: id, Type: settlementType, Start: a.seller().Start(cycle), End: a.seller().End(cycle), Created: created, Began: began, Ended: ended,
			Status: "DONE", Document: "amzn1.spdoc.1.4." + a.seller().Region + "." + a.seller().SellerID + "." + id, Marketplaces: []string{m.ID},
			cycle: cycle, issue: again,
		})
	}
	return list
}

// find returns the first report for which is holds.
func (a *account) find(now time.Time, is func(report) bool) (report, bool) {
	list := a.reports(now)
	if i := slices.IndexFunc(list, is); i >= 0 {
		return list[i], true
	}
	return report{}, false
}

// request notes a report that somebody asked for, which is written at ended.
// CANCELLED is how Amazon says that there is no data.
func (a *account) request(asked report, ended time.Time) string {
	var content []byte
	switch asked.Type {
	case returnsType:
		content = a.returnsReport(asked.Start, asked.End)
	case fbaShipmentsType:
		content = a.fbaShipmentsReport(asked.Start, asked.End)
	case ledgerType:
		content = a.ledgerReport(asked.Start, asked.End)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	asked.ID = fmt.Sprintf("9%09d", len(a.requested)+1)
	asked.Ended, asked.Status = ended, "CANCELLED"
	if content != nil {
		asked.Status, asked.Document = "DONE", "amzn1.spdoc.1.4."+a.seller().Region+"."+a.seller().SellerID+"."+asked.ID
		asked.issue = &issue{made: asked.Created, content: content}
	}
	a.requested = append(a.requested, asked)
	return asked.ID
}

// Damage makes the report of a cycle wrong, or right again with seller.Whole.
func (s *Server) Damage(account string, cycle int, damage seller.Damage) error {
	a, err := s.account(account)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.damaged[cycle] = damage
	return nil
}

// Reissue lists another report for a cycle now, beside the first: content as it
// is, or what the books say when it is nil.
func (s *Server) Reissue(account string, cycle int, content []byte) error {
	a, err := s.account(account)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.issues = append(a.issues, &issue{cycle: cycle, made: s.cfg.Now(), content: content})
	return nil
}
