package sheet

import (
	"fmt"
	"io"
	"iter"
	"strings"

	"tieout/app/exception"
	"tieout/app/flow"
	"tieout/app/journal"
	"tieout/app/settlement"
)

// SettlementList writes a filtered list of settlements; about says what was
// filtered, by whom and when.
func (k *Book) SettlementList(w io.Writer, about [][2]string, rows iter.Seq2[settlement.Item, error]) error {
	l, err := newList("Settlements", []string{"Lines", "Difference", "Deposit"}, column{"Settlement", 18}, column{"Connection", 18}, column{"Marketplaces", 26},
		column{"Cycle starts", 13}, column{"Cycle ends", 13}, column{"Deposited", 13}, column{"Lines", 10}, column{"Unreadable rows", 15},
		column{"Journal", 18}, column{"Open exceptions", 15}, column{"Difference", 16}, column{"Deposit", 18}, column{currencyKey, 9})
	if err != nil {
		return err
	}
	l.counts = []string{"Lines"}
	return writeList(w, l, about, rows, func(s settlement.Item) ([]any, error) {
		b := l.book
		difference, err := l.amount(s.Difference, s.Currency)
		if err != nil {
			return nil, err
		}
		deposit, err := l.amount(s.Deposit, s.Currency)
		if err != nil {
			return nil, err
		}
		return []any{b.str(s.AmazonID), b.str(s.ConnectionName), b.str(strings.Join(s.Marketplaces, ", ")), b.day(s.StartAt.UTC()), b.day(s.EndAt.UTC()), l.dayOf(s.DepositAt),
			s.LineCount, s.ProblemCount, b.str(strings.ReplaceAll(s.EntryStates, ",", ", ")), s.Exceptions, difference, deposit, b.str(s.Currency)}, nil
	})
}

// LineList writes filtered lines of a settlement; account says where the rules
// send a line, "" while nowhere.
func (k *Book) LineList(w io.Writer, about [][2]string, d settlement.Detail, rows iter.Seq2[settlement.Line, error], account func(settlement.Line) string) error {
	l, err := newList("Lines", []string{"Amount"}, column{"Settlement", 18}, column{"Row", 9}, column{"Part", 6}, column{"Posted (UTC)", 19}, column{"Accounting date", 15},
		column{"Transaction type", 20}, column{"Amount type", 22}, column{"Description", 34}, column{"Order id", 22}, column{"Merchant order id", 22},
		column{"SKU", 18}, column{"Quantity", 9}, column{"Marketplace", 16}, column{"Fulfilment", 10}, column{"Adjustment id", 16}, column{"Shipment id", 16},
		column{"Account", 14}, column{"Amount", 16}, column{currencyKey, 9})
	if err != nil {
		return err
	}
	return writeList(w, l, about, rows, func(x settlement.Line) ([]any, error) {
		b := l.book
		amount, err := l.amount(x.Amount, d.Currency)
		if err != nil {
			return nil, err
		}
		var quantity any
		if x.Quantity != nil {
			quantity = *x.Quantity
		}
		return []any{b.str(d.AmazonID), x.LineNo, x.Part, l.at(&x.PostedAt), b.day(x.PostedOn), b.str(x.TransactionType), b.str(x.AmountType), b.str(x.AmountDescription),
			b.str(x.OrderID), b.str(x.MerchantOrderID), b.str(x.Sku), quantity, b.str(x.Marketplace), b.str(x.Fulfillment), b.str(x.AdjustmentID), b.str(x.ShipmentID),
			b.str(account(x)), amount, b.str(d.Currency)}, nil
	})
}

// EntryList writes a filtered list of journal entries.
func (k *Book) EntryList(w io.Writer, about [][2]string, rows iter.Seq2[journal.Item, error]) error {
	l, err := newList("Journal entries", []string{"Debits", "Clearing"}, column{"Reference", 26}, column{"Type", 12}, column{"Connection", 18}, column{"Settlement", 18},
		column{"Period", 10}, column{"Date", 12}, column{"State", 12}, column{"P21 number", 14}, column{"Submitted by", 20}, column{"Submitted (UTC)", 19},
		column{"Posted (UTC)", 19}, column{"Note", 34}, column{"Debits", 18}, column{"Clearing", 18}, column{currencyKey, 9},
		column{"Functional debits", 18}, column{"Functional currency", 18})
	if err != nil {
		return err
	}
	return writeList(w, l, about, rows, func(e journal.Item) ([]any, error) {
		b := l.book
		debits, err := l.amount(e.Total, e.Currency)
		if err != nil {
			return nil, err
		}
		clearing, err := l.amount(e.Clearing, e.Currency)
		if err != nil {
			return nil, err
		}
		functional, err := l.other(e.FunctionalTotal, e.FunctionalCurrency)
		if err != nil {
			return nil, err
		}
		return []any{b.str(e.Reference), b.str(e.EntryType), b.str(e.ConnectionName), b.str(e.AmazonID), b.str(fmt.Sprintf("%04d-%02d", e.FiscalYear, e.Period)), b.day(e.EntryOn),
			b.str(e.Status), b.str(e.P21Number), b.str(e.SubmittedName), l.at(e.SubmittedAt), l.at(e.PostedAt), b.str(e.Reason), debits, clearing, b.str(e.Currency),
			functional, b.str(e.FunctionalCurrency)}, nil
	})
}

// ExceptionList writes a filtered list of exceptions; title names a class.
// What is at stake counts whatever its sign.
func (k *Book) ExceptionList(w io.Writer, about [][2]string, rows iter.Seq2[exception.Exception, error], title func(exception.Class) string) error {
	l, err := newList("Exceptions", []string{"Amount", "At stake"}, column{"What must be decided", 50}, column{"Cause", 24}, column{"Connection", 18}, column{"Marketplace", 18},
		column{"Records", 10}, column{"Amount", 18}, column{"At stake", 18}, column{currencyKey, 9}, column{"State", 10}, column{"Assigned to", 20},
		column{"Snoozed until (UTC)", 19}, column{"Opened (UTC)", 19}, column{"Resolution", 34}, column{"Resolved by", 20}, column{"Resolved (UTC)", 19})
	if err != nil {
		return err
	}
	return writeList(w, l, about, rows, func(e exception.Exception) ([]any, error) {
		b := l.book
		var amount, stake any
		if e.Amount.Valid {
			signed, err := l.amount(e.Amount.Decimal, e.Currency)
			if err != nil {
				return nil, err
			}
			absolute, err := l.amount(e.Amount.Decimal.Abs(), e.Currency)
			if err != nil {
				return nil, err
			}
			amount, stake = signed, absolute
		}
		return []any{b.str(e.Title), b.str(title(e.Class)), b.str(e.ConnectionName), b.str(e.Marketplace), e.Records, amount, stake, b.str(e.Currency), b.str(e.State),
			b.str(e.AssignedName), l.at(e.SnoozedUntil), l.at(&e.OpenedAt), b.str(e.Resolution), b.str(e.ResolvedName), l.at(e.ResolvedAt)}, nil
	})
}

// RecordList writes a filtered list of a flow's records.
func (k *Book) RecordList(w io.Writer, about [][2]string, d flow.Definition, rows iter.Seq2[flow.Item, error]) error {
	l, err := newList(d.Title, []string{"Amount"}, column{d.Key, 24}, column{"What", 34}, column{"Connection", 18}, column{"Changed (UTC)", 19},
		column{"State", 12}, column{d.Remote, 16}, column{"Why", 44}, column{"Amount", 16}, column{currencyKey, 9})
	if err != nil {
		return err
	}
	return writeList(w, l, about, rows, func(x flow.Item) ([]any, error) {
		b := l.book
		var amount any
		if x.Amount.Valid {
			var err error
			if amount, err = l.amount(x.Amount.Decimal, x.Currency); err != nil {
				return nil, err
			}
		}
		return []any{b.str(x.Key), b.str(x.Title), b.str(x.ConnectionName), l.at(&x.SourceAt), b.str(x.State), b.str(x.RemoteKey), b.str(x.Why()), amount, b.str(x.Currency)}, nil
	})
}
