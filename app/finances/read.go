package finances

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/amazon"
	"tieout/app/audit"
	"tieout/app/database"
	"tieout/app/document"
	"tieout/app/exception"
	"tieout/app/mapping"
	"tieout/app/period"
	"tieout/sqlc"
)

const (
	// firstReading is how far back the first reading goes: on the last day of a
	// month the cycle that spans the end of the one before began 45 days ago, with
	// sales that had been held for two weeks.
	firstReading = 60 * 24 * time.Hour
	// overlap is read again every time: orders of the last two days may be
	// missing from an answer.
	overlap = 3 * 24 * time.Hour
	// span is what one query asks for; of long spans Amazon fails near the end.
	span = 24 * time.Hour
)

// kindOfDocument are pages of transactions.
const kindOfDocument = "finance_transactions"

// Read reads what is new of a connection's transactions, and again those that
// Amazon must have released meanwhile, and finds the settlements that carry them.
func (s *Service) Read(ctx context.Context, connectionID int64) error {
	client, err := s.Sides.Amazon(ctx, connectionID)
	if err != nil {
		return err
	}
	books, err := sqlc.New(s.Pool).FinanceBooks(ctx, connectionID)
	if err != nil {
		return fmt.Errorf("read connection %d: %w", connectionID, err)
	}
	zone, err := time.LoadLocation(books.TimeZone)
	if err != nil {
		return fmt.Errorf("load time zone of %s: %w", books.Name, err)
	}
	now := s.Clock.Now()
	until := now.Add(-amazon.TransactionDelay - 30*time.Second).Truncate(time.Second)
	from, err := s.from(ctx, connectionID, now)
	if err != nil {
		return err
	}
	for begin := from; begin.Before(until); {
		end := begin.Truncate(span).Add(span)
		if end.After(until) {
			end = until
		}
		if err := s.readSpan(ctx, client, connectionID, zone, begin, end); err != nil {
			return err
		}
		err := sqlc.New(s.Pool).SetFinanceReadTo(ctx, sqlc.SetFinanceReadToParams{ConnectionID: connectionID, ReadTo: end, Now: s.Clock.Now()})
		if err != nil {
			return fmt.Errorf("note reading of connection %d: %w", connectionID, err)
		}
		begin = end
	}
	return s.Carry(ctx, connectionID)
}

// from returns where the reading begins, at the beginning of a day, so that the
// same pages come as the same bytes.
func (s *Service) from(ctx context.Context, connectionID int64, now time.Time) (time.Time, error) {
	row, err := sqlc.New(s.Pool).FinanceReadTo(ctx, sqlc.FinanceReadToParams{ConnectionID: connectionID, Now: now})
	if err != nil {
		return time.Time{}, fmt.Errorf("read how far connection %d is: %w", connectionID, err)
	}
	from := row.ReadTo.Add(-overlap)
	if row.ReadTo.After(now) { // read under a clock that was wrong
		from = now.Add(-overlap)
	}
	if earliest := now.Add(-firstReading); from.Before(earliest) && row.ReadTo.Unix() == 0 {
		from = earliest
	}
	if row.DueSince.Before(from) {
		from = row.DueSince
	}
	return from.UTC().Truncate(span), nil
}

func (s *Service) readSpan(ctx context.Context, client *amazon.Client, connectionID int64, zone *time.Location, begin, end time.Time) error {
	number := 0
	for page, err := range client.Transactions(ctx, amazon.TransactionQuery{After: begin, Before: end}) {
		if err != nil {
			return fmt.Errorf("list transactions: %w", err)
		}
		if len(page.Transactions) == 0 {
			continue
		}
		number++
		name := fmt.Sprintf("transactions %s, page %d", begin.UTC().Format("2006-01-02 15:04"), number)
		doc, _, err := s.Documents.Put(ctx, document.Meta{ConnectionID: connectionID, Kind: kindOfDocument, Name: name, Source: document.FromAmazon, ContentType: "application/json"}, bytes.NewReader(page.Raw))
		if err != nil {
			return fmt.Errorf("store %s: %w", name, err)
		}
		if err := s.Take(ctx, connectionID, zone, doc.ID, page); err != nil {
			return err
		}
	}
	return nil
}

// taking is a page on its way into the tables.
type taking struct {
	connectionID, documentID int64
	zone                     *time.Location
	now                      time.Time
	known                    map[string]sqlc.KnownTransactionsRow
	changed                  []int64
	parts                    []sqlc.InsertPartsParams
}

// Take keeps the transactions of a stored page: what is new and what changed.
func (s *Service) Take(ctx context.Context, connectionID int64, zone *time.Location, documentID int64, page amazon.TransactionPage) error {
	return database.WithTx(ctx, s.Pool, s.Clock, func(tx *database.Tx) error {
		k := taking{connectionID: connectionID, documentID: documentID, zone: zone, now: tx.Now, known: map[string]sqlc.KnownTransactionsRow{}}
		db := sqlc.New(tx)
		ids := make([]string, len(page.Transactions))
		for i, found := range page.Transactions {
			ids[i] = found.Transaction.ID
		}
		rows, err := db.KnownTransactions(ctx, sqlc.KnownTransactionsParams{ConnectionID: connectionID, Ids: ids})
		if err != nil {
			return fmt.Errorf("find known transactions: %w", err)
		}
		for _, r := range rows {
			k.known[r.TransactionID] = r
		}
		offset := 0
		for _, found := range page.Transactions {
			at := bytes.Index(page.Raw[offset:], found.Raw)
			if at < 0 {
				return fmt.Errorf("find transaction %s in its page", found.Transaction.ID)
			}
			offset += at
			if err := k.take(ctx, tx, found, offset); err != nil {
				return err
			}
			offset += len(found.Raw)
		}
		if err := db.ClearParts(ctx, k.changed); err != nil {
			return fmt.Errorf("replace parts: %w", err)
		}
		if _, err := db.InsertParts(ctx, k.parts); err != nil {
			return fmt.Errorf("store parts: %w", err)
		}
		return nil
	})
}

func (k *taking) take(ctx context.Context, tx *database.Tx, found amazon.FoundTransaction, offset int) error {
	t := found.Transaction
	if wrong := readable(found); wrong != "" {
		_, err := exception.Raise(ctx, tx, exception.Raised{ConnectionID: k.connectionID, Class: exception.UnknownCharge, Cause: fmt.Sprintf("document/%d/%d", k.documentID, offset),
			Title: "A transaction of Amazon cannot be read: " + wrong, Detail: map[string]any{"document": k.documentID, "offset": offset, "transaction": t.ID}})
		return err
	}
	hash := sha256.Sum256(found.Raw)
	before, known := k.known[t.ID]
	if known && (bytes.Equal(before.ContentHash, hash[:]) || before.Status != amazon.TransactionDeferred && t.Status == amazon.TransactionDeferred) {
		return nil // the same, or an answer from before its release
	}
	parts, payout := partsOf(t)
	p := k.row(t, before, payout)
	p.DocumentID, p.RawOffset, p.RawLength, p.ContentHash = k.documentID, int64(offset), int32(len(found.Raw)), hash[:]
	db := sqlc.New(tx)
	id, err := db.PutTransaction(ctx, p)
	if err != nil {
		return fmt.Errorf("store transaction %s: %w", t.ID, err)
	}
	err = db.AddFinanceVersion(ctx, sqlc.AddFinanceVersionParams{TransactionID: id, Status: t.Status, Total: t.Total.Amount, DocumentID: k.documentID, RawOffset: int64(offset),
		RawLength: int32(len(found.Raw)), Now: k.now})
	if err != nil {
		return fmt.Errorf("store history of transaction %s: %w", t.ID, err)
	}
	if i := slices.Index(k.changed, id); i >= 0 { // twice on a page: the later one counts
		k.parts = slices.DeleteFunc(k.parts, func(p sqlc.InsertPartsParams) bool { return p.TransactionID == id })
	}
	k.changed = append(k.changed, id)
	for i, part := range parts {
		k.parts = append(k.parts, sqlc.InsertPartsParams{TransactionID: id, Number: int32(i + 1), Path: part.Path, Sku: part.SKU, Quantity: int32(part.Quantity), Fulfillment: part.Fulfillment,
			TransactionType: part.Kind.TransactionType, AmountType: part.Kind.AmountType, AmountDescription: part.Kind.AmountDescription, Amount: part.Amount})
	}
	k.known[t.ID] = sqlc.KnownTransactionsRow{ID: id, TransactionID: t.ID, Status: t.Status, ContentHash: hash[:], ReleasedAt: p.ReleasedAt, ReleasedOn: p.ReleasedOn}
	return nil
}

// readable says why a transaction cannot be taken, "" when it can.
func readable(found amazon.FoundTransaction) string {
	if found.Err != nil {
		return found.Err.Error()
	}
	switch found.Transaction.Status {
	case amazon.TransactionDeferred, amazon.TransactionReleased, amazon.TransactionDeferredReleased:
		return ""
	}
	return fmt.Sprintf("its status is %q", found.Transaction.Status)
}

func (k *taking) row(t amazon.Transaction, before sqlc.KnownTransactionsRow, payout bool) sqlc.PutTransactionParams {
	reason, maturity := t.Deferral()
	p := sqlc.PutTransactionParams{ConnectionID: k.connectionID, TransactionID: t.ID, Type: t.Type, SettlesAs: settlesAs[t.Type], Description: t.Description, Status: t.Status,
		PostedAt: t.Posted.UTC(), PostedOn: k.day(t.Posted), Currency: t.Total.Currency, Total: t.Total.Amount, Marketplace: t.Market.Name, OrderID: t.RelatedTo(amazon.RelatedOrder),
		Deferral: reason, ReleaseOf: t.RelatedTo(amazon.RelatedDeferred), SettlementRef: t.RelatedTo(amazon.RelatedSettlement), DueOn: unknownDay.Time(), Aside: payout, Now: k.now}
	if !maturity.IsZero() {
		at := maturity.UTC()
		p.MaturesAt, p.DueOn = &at, k.day(maturity)
	}
	if t.Status == amazon.TransactionDeferred {
		return p
	}
	at := k.released(t, before, maturity)
	on := k.day(at)
	p.ReleasedAt, p.ReleasedOn, p.DueOn = &at, &on, on
	return p
}

// released is when a transaction became the seller's: at once, or when it
// matured; where Amazon does not say, when the release was first seen.
func (k *taking) released(t amazon.Transaction, before sqlc.KnownTransactionsRow, maturity time.Time) time.Time {
	switch {
	case t.Status == amazon.TransactionReleased && before.Status != amazon.TransactionDeferred:
		return t.Posted.UTC()
	case before.ReleasedAt != nil:
		return *before.ReleasedAt
	case !maturity.IsZero() && maturity.Before(k.now):
		return maturity.UTC()
	}
	return k.now
}

func (k *taking) day(t time.Time) time.Time { return period.DateOf(t.In(k.zone)).Time() }

// payouts is the charge that a transfer to the seller's bank consists of: what
// settlements add up to, not a part of one.
const payouts = "FundTransfer"

// partsOf returns what a transaction is made of; payout: it is a transfer to the
// bank. What its breakdowns leave out of the total is a part that nobody knows.
func partsOf(t amazon.Transaction) (parts []Part, payout bool) {
	payout = t.Type == "Transfer"
	left := t.Total.Amount
	add := func(path []string, amount decimal.Decimal, product amazon.TransactionContext) {
		if amount.IsZero() {
			return
		}
		payout = payout && path[len(path)-1] == payouts
		kind := translate(t.Type, path)
		kind.Marketplace, kind.Sign = t.Market.Name, amount.Sign()
		parts = append(parts, Part{Path: strings.Join(path, " / "), SKU: product.SKU, Quantity: product.Quantity, Fulfillment: product.Network, Kind: kind, Amount: amount})
		left = left.Sub(amount)
	}
	whole := slices.ContainsFunc(t.Items, func(i amazon.TransactionItem) bool { return len(i.Breakdowns) > 0 })
	for _, item := range t.Items {
		leaves(item.Breakdowns, nil, func(path []string, amount decimal.Decimal) { add(path, amount, item.Product()) })
	}
	if !whole { // reimbursements and fees are broken down as a whole
		product := amazon.TransactionContext{}
		if len(t.Items) == 1 {
			product = t.Items[0].Product()
		}
		leaves(t.Breakdowns, nil, func(path []string, amount decimal.Decimal) { add(path, amount, product) })
	}
	if !left.IsZero() {
		add([]string{"Not broken down"}, left, amazon.TransactionContext{})
	}
	return parts, payout && len(parts) > 0
}

// leaves calls yield for what a tree ends in; a sum is never counted beside what
// it sums.
func leaves(tree []amazon.Charge, above []string, yield func(path []string, amount decimal.Decimal)) {
	for _, c := range tree {
		path := append(slices.Clone(above), c.Type)
		if len(c.Parts) == 0 {
			yield(path, c.Amount.Amount)
			continue
		}
		leaves(c.Parts, path, yield)
	}
}

// Carry finds the settlements that carry transactions, and which transactions
// only tell of another's release.
func (s *Service) Carry(ctx context.Context, connectionID int64) error {
	return database.WithTx(ctx, s.Pool, s.Clock, func(tx *database.Tx) error {
		db := sqlc.New(tx)
		for _, step := range []struct {
			what string
			do   func() error
		}{
			{"note releases", func() error { return db.NoteReleases(ctx, connectionID) }},
			{"take releases over", func() error {
				return db.ReleaseByOwnTransaction(ctx, sqlc.ReleaseByOwnTransactionParams{ConnectionID: connectionID, Now: tx.Now})
			}},
			{"leave replaced settlements", func() error { return db.LeaveReplacedSettlements(ctx, connectionID) }},
			{"find settlements by reference", func() error { return db.CarryByReference(ctx, connectionID) }},
			{"find settlements by order", func() error {
				since := tx.Now.Add(-2 * firstReading)
				return db.CarryByOrder(ctx, sqlc.CarryByOrderParams{ConnectionID: connectionID, Since: since})
			}},
			{"find settlements by time", func() error { return db.CarryByTime(ctx, connectionID) }},
		} {
			if err := step.do(); err != nil {
				return fmt.Errorf("%s: %w", step.what, err)
			}
		}
		return nil
	})
}

// unmapped is a kind that no rule takes, over the transactions that wait for it.
type unmapped struct {
	kind     mapping.Kind
	records  int64
	amount   decimal.Decimal
	currency string
}

// raise opens an exception per kind that no rule takes and clears those whose
// cause is gone.
func (s *Service) raise(ctx context.Context, tx *database.Tx, connectionID int64, found map[string]*unmapped) error {
	open, err := sqlc.New(tx).OpenUnknownCharges(ctx, connectionID)
	if err != nil {
		return fmt.Errorf("read exceptions: %w", err)
	}
	for _, cause := range open {
		if found[cause] == nil {
			if err := exception.Clear(ctx, tx, connectionID, exception.UnknownCharge, cause, "A rule takes it, or it is settled.", audit.Job("finances")); err != nil {
				return err
			}
		}
	}
	for cause, u := range found {
		_, err := exception.Raise(ctx, tx, exception.Raised{ConnectionID: connectionID, Class: exception.UnknownCharge, Cause: cause, Title: u.kind.String(), Records: u.records,
			Amount: decimal.NewNullDecimal(u.amount), Currency: u.currency,
			Detail: map[string]any{"transaction_type": u.kind.TransactionType, "amount_type": u.kind.AmountType, "amount_description": u.kind.AmountDescription}})
		if err != nil {
			return err
		}
	}
	return nil
}
