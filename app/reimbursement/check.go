package reimbursement

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/database"
	"tieout/app/mapping"
	"tieout/app/period"
	"tieout/app/settlement"
	"tieout/sqlc"
)

// priceMonths is over how many months the average sale price is taken.
const priceMonths = 3

// Check brings the list of a connection up to date with Amazon's ledger and
// with its settlements.
func (s *Service) Check(ctx context.Context, connectionID int64) error {
	list, err := sqlc.New(s.pool).ReimbursementsToRead(ctx, connectionID)
	if err != nil {
		return fmt.Errorf("find reimbursements to read: %w", err)
	}
	for _, id := range list {
		if err := s.read(ctx, id); err != nil {
			return fmt.Errorf("read reimbursements of settlement %d: %w", id, err)
		}
	}
	return database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error { return match(ctx, tx, connectionID) })
}

// read keeps the lines of a settlement that pay for units.
func (s *Service) read(ctx context.Context, id int64) error {
	lines, err := s.lines(ctx, id)
	if err != nil {
		return err
	}
	return database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		db := sqlc.New(tx)
		if err := db.BeginReimbursements(ctx, sqlc.BeginReimbursementsParams{SettlementID: id, Now: tx.Now}); err != nil {
			return err
		}
		for _, l := range lines {
			cause, _ := causeOf(l.AmountType, l.AmountDescription)
			p := sqlc.PutReimbursementParams{SettlementID: id, LineNo: l.LineNo, Part: l.Part, Sku: l.Sku, Cause: string(cause), PostedOn: l.PostedOn, Amount: l.Amount}
			if l.Quantity != nil {
				p.Units = max(*l.Quantity, -*l.Quantity)
			}
			if err := db.PutReimbursement(ctx, p); err != nil {
				return fmt.Errorf("keep line %d: %w", l.LineNo, err)
			}
		}
		return nil
	})
}

// linePage is how many lines are read at once.
const linePage = 500

// lines are those that pay for lost or damaged units; only the blocks of the
// report that hold such a kind are looked at.
func (s *Service) lines(ctx context.Context, settlementID int64) ([]settlement.Line, error) {
	kinds, err := sqlc.New(s.pool).KindsOfSettlement(ctx, settlementID)
	if err != nil {
		return nil, fmt.Errorf("read kinds: %w", err)
	}
	f := settlement.LineFilter{PageSize: linePage}
	for _, k := range kinds {
		if _, ok := causeOf(k.AmountType, k.AmountDescription); ok {
			f.KindIDs = append(f.KindIDs, k.ID)
		}
	}
	if len(f.KindIDs) == 0 {
		return nil, nil
	}
	d, err := s.settlements.Get(ctx, settlementID)
	if err != nil {
		return nil, err
	}
	var list []settlement.Line
	for {
		page, err := s.settlements.Lines(ctx, d, f)
		if err != nil {
			return nil, err
		}
		list = append(list, page.Lines...)
		switch {
		case page.More:
			last := page.Lines[len(page.Lines)-1]
			f.AfterRow, f.AfterPart = last.LineNo, last.Part
		case page.SearchedTo > 0:
			f.AfterRow, f.AfterPart = page.SearchedTo, 0
		default:
			return slices.DeleteFunc(list, func(l settlement.Line) bool { return l.Sku == "" }), nil
		}
	}
}

// causeOf tells what a line of a settlement pays for; false for every other line
// and for what Amazon pays for returns and shipments.
func causeOf(amountType, description string) (Cause, bool) {
	if mapping.Key(amountType) != mapping.Key("FBA Inventory Reimbursement") {
		return "", false
	}
	switch mapping.Key(description) {
	case "warehouselost", "warehouselostmanual":
		return Lost, true
	case "warehousedamage", "warehousedamageexception":
		return Damaged, true
	case "compensatedclawback":
		return Reversed, true
	}
	return "", false
}

// match holds losses beside payments and keeps the cases.
func match(ctx context.Context, tx *database.Tx, connectionID int64) error {
	db := sqlc.New(tx)
	if err := db.NoteLedgerLosses(ctx, sqlc.NoteLedgerLossesParams{ConnectionID: connectionID, Flow: ledgerFlow}); err != nil {
		return fmt.Errorf("note what the ledger lost: %w", err)
	}
	losses, finds, err := ledger(ctx, db, connectionID)
	if err != nil {
		return err
	}
	payments, err := paymentsOf(ctx, db, connectionID)
	if err != nil {
		return err
	}
	worth, err := worthOf(ctx, db, connectionID, losses, tx.Now)
	if err != nil {
		return err
	}
	if err := db.DropLossPayments(ctx, connectionID); err != nil {
		return fmt.Errorf("drop payments: %w", err)
	}
	if err := db.ForgetReimbursements(ctx, connectionID); err != nil {
		return fmt.Errorf("forget replaced settlements: %w", err)
	}
	matched := Match(losses, finds, payments)
	for i, l := range losses {
		if err := keep(ctx, tx, connectionID, l, matched.Of[i], payments, worth); err != nil {
			return fmt.Errorf("keep loss of %s on %s: %w", l.SKU, l.Day, err)
		}
	}
	if err := db.DropLossCases(ctx, sqlc.DropLossCasesParams{ConnectionID: connectionID, Now: tx.Now}); err != nil {
		return fmt.Errorf("drop losses that are none: %w", err)
	}
	if err := db.EndLossCases(ctx, sqlc.EndLossCasesParams{ConnectionID: connectionID, Now: tx.Now}); err != nil {
		return fmt.Errorf("end losses that are none: %w", err)
	}
	return nil
}

// ledger returns what was lost or damaged and what was found again.
func ledger(ctx context.Context, db *sqlc.Queries, connectionID int64) (losses []Loss, finds []Find, err error) {
	rows, err := db.LedgerLosses(ctx, connectionID)
	if err != nil {
		return nil, nil, fmt.Errorf("read what the ledger lost: %w", err)
	}
	for _, r := range rows {
		day := period.DateOf(r.OnDay)
		if r.Lost > 0 {
			losses = append(losses, Loss{r.Sku, r.Country, Lost, day, int(r.Lost)})
		}
		if r.Damaged > 0 {
			losses = append(losses, Loss{r.Sku, r.Country, Damaged, day, int(r.Damaged)})
		}
		if r.Found > 0 {
			finds = append(finds, Find{r.Sku, day, int(r.Found)})
		}
	}
	return losses, finds, nil
}

func paymentsOf(ctx context.Context, db *sqlc.Queries, connectionID int64) ([]Payment, error) {
	rows, err := db.ReimbursementsOf(ctx, connectionID)
	if err != nil {
		return nil, fmt.Errorf("read payments: %w", err)
	}
	list := make([]Payment, len(rows))
	for i, r := range rows {
		list[i] = Payment{r.SettlementID, r.LineNo, r.Part, r.Sku, Cause(r.Cause), period.DateOf(r.PostedOn), int(r.Units), r.Amount}
	}
	return list, nil
}

// terms are what cases of a connection are judged by.
type terms struct {
	claimDays int
	currency  string // of costs
	units     map[string]sqlc.UnitWorthRow
}

func worthOf(ctx context.Context, db *sqlc.Queries, connectionID int64, losses []Loss, now time.Time) (terms, error) {
	t := terms{units: map[string]sqlc.UnitWorthRow{}}
	days, err := db.ClaimDays(ctx, connectionID)
	if err != nil {
		return t, fmt.Errorf("read how long Amazon takes claims: %w", err)
	}
	c, err := db.GetConnection(ctx, connectionID)
	if err != nil {
		return t, fmt.Errorf("read connection: %w", err)
	}
	t.claimDays, t.currency = int(days), c.FunctionalCurrency
	skus := []string{}
	for _, l := range losses {
		if _, twice := t.units[l.SKU]; !twice {
			t.units[l.SKU] = sqlc.UnitWorthRow{Cost: decimal.NewFromInt(-1), Price: decimal.NewFromInt(-1)}
			skus = append(skus, l.SKU)
		}
	}
	from := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC).AddDate(0, -priceMonths, 0)
	rows, err := db.UnitWorth(ctx, sqlc.UnitWorthParams{ConnectionID: connectionID, Skus: skus, OnDay: now, EndsFrom: from, FromMonth: from})
	if err != nil {
		return t, fmt.Errorf("read what units are worth: %w", err)
	}
	for _, r := range rows {
		t.units[r.Sku] = r
	}
	return t, nil
}

func keep(ctx context.Context, tx *database.Tx, connectionID int64, l Loss, o Outcome, payments []Payment, t terms) error {
	db := sqlc.New(tx)
	worth := t.units[l.SKU]
	p := sqlc.PutLossCaseParams{ConnectionID: connectionID, Sku: l.SKU, Country: l.Country, Cause: string(l.Cause), OnDay: l.Day.Time(), DueOn: l.Day.AddDays(t.claimDays).Time(),
		Units: int32(l.Units), Found: int32(o.Found), PaidUnits: int32(o.Paid()), CostCurrency: t.currency, PriceCurrency: worth.Currency, Now: tx.Now}
	if worth.Cost.IsPositive() { // a cost of zero is one that P21 does not know
		p.CostEach = decimal.NewNullDecimal(worth.Cost)
	}
	if worth.Price.IsPositive() {
		p.PriceEach = decimal.NewNullDecimal(worth.Price)
	}
	id, err := db.PutLossCase(ctx, p)
	if err != nil {
		return err
	}
	for _, s := range o.Shares {
		of := payments[s.Payment]
		if err := db.PutLossPayment(ctx, sqlc.PutLossPaymentParams{CaseID: id, SettlementID: of.SettlementID, LineNo: of.Line, Part: of.Part, Units: int32(s.Units), Amount: s.Amount}); err != nil {
			return fmt.Errorf("keep payment: %w", err)
		}
	}
	return nil
}
