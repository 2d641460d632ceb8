package report

import (
	"context"
	"fmt"
	"time"

	"tieout/app/money"
)

const (
	defaultMaxProblems = 1000
	maxSettlements     = 10_000
	maxKinds           = 200_000
	maxProblemValue    = 200 // bytes of a value kept in a problem
	contextRows        = 4096
	maxRows            = 1 << 30 // that are numbered
	maxName            = 600     // bytes of a kind's name: the database finds a kind by four of them
	maxText            = 1000    // of an id
)

// parser is the state that all formats share.
type parser struct {
	ctx         context.Context
	sink        Sink
	charset     charset
	amounts     amountStyle
	dates       dateOrder
	kinds       kindTable
	fulfillment map[string]string
	byID        map[string]int // settlement id -> index
	current     int            // settlement of the last row, -1 before the first
	line        Line           // reused for every call of the sink
	summary     Summary
	maxProblems int
	rows        int
}

func newParser(ctx context.Context, options Options, sink Sink, charset charset) *parser {
	limit := options.MaxProblems
	if limit <= 0 {
		limit = defaultMaxProblems
	}
	return &parser{
		ctx: ctx, sink: sink, charset: charset, current: -1, maxProblems: limit,
		kinds:       kindTable{byKey: map[string]*Kind{}},
		fulfillment: map[string]string{},
		byID:        map[string]int{},
	}
}

func (p *parser) begin(head Head) error {
	p.summary.Head = head
	return p.sink.Begin(head)
}

// tick looks at the context once in a while.
func (p *parser) tick() error {
	p.rows++
	if p.rows%contextRows != 0 {
		return nil
	}
	return p.ctx.Err()
}

// place sets where the row being read stands.
func (p *parser) place(row int, offset int64, length int) {
	p.line.Row, p.line.Offset, p.line.Length, p.line.Part = row, offset, length, 0
}

// problem records that the current row broke a rule.
func (p *parser) problem(column string, value []byte, rule string) {
	p.summary.ProblemCount++
	if p.current >= 0 {
		p.summary.Settlements[p.current].Problems++
	}
	if len(p.summary.Problems) >= p.maxProblems {
		return
	}
	p.summary.Problems = append(p.summary.Problems, Problem{
		Line: p.line.Row, Column: column, Value: p.charset.show(value), Rule: rule,
		Offset: p.line.Offset, Length: p.line.Length, Settlement: p.current,
	})
}

// find makes the settlement of that id the current one.
func (p *parser) find(id []byte) bool {
	if p.current >= 0 && string(id) == p.summary.Settlements[p.current].ID {
		return true
	}
	index, known := p.byID[string(id)]
	p.current = -1
	if known {
		p.current = index
	}
	return known
}

// open adds a settlement and makes it the current one.
func (p *parser) open(s Settlement) error {
	if len(p.summary.Settlements) >= maxSettlements {
		return &Unreadable{Looks: fmt.Sprintf("a file with more than %d settlements", maxSettlements),
			Advice: "Upload the reports as Amazon made them, one file each."}
	}
	s.Row, s.Offset, s.Length = p.line.Row, p.line.Offset, p.line.Length
	p.current = len(p.summary.Settlements)
	p.byID[s.ID] = p.current
	p.summary.Settlements = append(p.summary.Settlements, Total{Settlement: s})
	return p.sink.Settlement(p.current, &s)
}

// currency returns the current settlement's currency.
func (p *parser) currency() money.Currency {
	if p.current < 0 {
		return ""
	}
	return p.summary.Settlements[p.current].Currency
}

// kind returns the kind of an amount; nil when one of its names is a problem.
func (p *parser) kind(marketplace, transaction, amountType, description []byte) (*Kind, error) {
	names := [...][]byte{marketplace, transaction, amountType, description}
	for i, name := range names {
		if len(name) > maxName {
			p.problem(columnNames[[...]column{colMarketplace, colTransactionType, colAmountType, colDescription}[i]], name, RuleTextTooLong)
			return nil, nil
		}
	}
	return p.kinds.find(marketplace, transaction, amountType, description)
}

// overlong is an id of the line that is longer than any is; nil when none.
func (l *Line) overlong() []byte {
	for _, id := range [...][]byte{l.OrderID, l.MerchantOrderID, l.AdjustmentID, l.ShipmentID, l.OrderItemCode, l.MerchantOrderItemID, l.MerchantAdjustmentID, l.SKU, l.PromotionID} {
		if len(id) > maxText {
			return id
		}
	}
	if len(l.Fulfillment) > maxText {
		return []byte(l.Fulfillment)
	}
	return nil
}

// emit hands the line over and adds it up.
func (p *parser) emit() error {
	if long := p.line.overlong(); long != nil {
		p.problem("", long, RuleTextTooLong)
		return nil
	}
	total := &p.summary.Settlements[p.current]
	sum, fits := total.Sum.Add(p.line.Amount)
	if !fits {
		p.problem("amount", []byte(p.line.Amount.String()), RuleAmountRange)
		return nil
	}
	total.Sum = sum
	total.Lines++
	if total.lastRow != p.line.Row || p.summary.Format == XML {
		total.lastRow = p.line.Row
		total.Rows++
	}
	p.line.Settlement = p.current
	return p.sink.Line(&p.line)
}

// settlement reads the values of a summary row: id, start, end, deposit date,
// total and currency. What cannot be read is a
// problem; the settlement is opened all the same, so that its lines have a
// home and the problem a settlement.
func (p *parser) settlement(columns [6]string, values [6][]byte) error {
	s := Settlement{ID: string(values[0]), Currency: money.Currency(values[5])}
	type finding struct {
		column int
		rule   string
	}
	var found []finding
	if len(s.ID) == 0 || len(s.ID) > 64 {
		found = append(found, finding{0, RuleSettlementID})
	}
	for i, to := range []*time.Time{&s.Start, &s.End, &s.DepositDate} {
		value := values[1+i]
		if to == &s.DepositDate && len(value) == 0 {
			continue // nothing is paid out, so there is no date
		}
		var at int64
		if rule := p.dates.parse(value, &at); rule != "" {
			found = append(found, finding{1 + i, rule})
			continue
		}
		*to = microTime(at)
	}
	if !s.Currency.Valid() {
		found = append(found, finding{5, RuleCurrency})
	}
	var rule string
	if s.Deposit, rule = p.amounts.parse(values[4], s.Currency); rule != "" {
		found = append(found, finding{4, rule})
	}
	if index, again := p.byID[s.ID]; again {
		p.current = index
		p.problem(columns[0], values[0], RuleSettlementTwice)
		return nil
	}
	if err := p.open(s); err != nil {
		return err
	}
	for _, f := range found {
		p.problem(columns[f.column], values[f.column], f.rule)
	}
	return nil
}

// intern returns the one copy of a short value that few lines differ in.
func (p *parser) intern(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if s, ok := p.fulfillment[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(p.fulfillment) < 64 {
		p.fulfillment[s] = s
	}
	return s
}

// numbered refuses a file with more rows than can be told apart.
func numbered(row int) error {
	if row <= maxRows {
		return nil
	}
	return &Unreadable{Looks: fmt.Sprintf("a file with more than %d rows", maxRows), Advice: "This is not how Amazon's reports look; check where the file comes from."}
}

// empty refuses a file that has the form of a report and no content.
func (p *parser) empty() error {
	if len(p.summary.Settlements) > 0 || p.summary.ProblemCount > 0 {
		return nil
	}
	return &Unreadable{Looks: "a settlement report without any settlement",
		Advice: "Download it from Amazon again; a settlement that is still open has no report."}
}

// kindTable numbers the kinds of a report.
type kindTable struct {
	byKey map[string]*Kind
	list  []*Kind
	key   []byte
}

// find returns the kind of the names, new or known.
func (t *kindTable) find(marketplace, transaction, amountType, description []byte) (*Kind, error) {
	key := append(t.key[:0], marketplace...)
	key = append(key, '\t')
	key = append(key, transaction...)
	key = append(key, '\t')
	key = append(key, amountType...)
	key = append(key, '\t')
	key = append(key, description...)
	t.key = key
	if kind := t.byKey[string(key)]; kind != nil {
		return kind, nil
	}
	if len(t.list) >= maxKinds {
		return nil, &Unreadable{Looks: fmt.Sprintf("a report with more than %d kinds of amounts", maxKinds),
			Advice: "This is not how Amazon's reports look; check where the file comes from."}
	}
	kind := &Kind{ID: len(t.list), Marketplace: string(marketplace), TransactionType: string(transaction),
		AmountType: string(amountType), AmountDescription: string(description)}
	t.list = append(t.list, kind)
	t.byKey[string(key)] = kind
	return kind, nil
}
