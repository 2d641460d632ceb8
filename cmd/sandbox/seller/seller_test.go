package seller_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/settlement/report"
	"tieout/cmd/sandbox/seller"
)

var now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// eachCycle calls check with the lines of every finished cycle, oldest first.
func eachCycle(t *testing.T, check func(b *seller.Books, n int, lines []seller.Line)) {
	t.Helper()
	for _, a := range seller.Accounts(7, now, 12) {
		books := seller.NewBooks(a)
		for n := range a.Finished(now) {
			check(books, n, linesOf(t, books, n))
		}
	}
}

func linesOf(t *testing.T, books *seller.Books, n int) (lines []seller.Line) {
	t.Helper()
	require.NoError(t, books.Lines(n, func(l seller.Line) error {
		lines = append(lines, l)
		return nil
	}))
	return lines
}

func written(t *testing.T, books *seller.Books, n int, damage seller.Damage) (string, report.Description) {
	t.Helper()
	var text bytes.Buffer
	require.NoError(t, books.WriteReport(&text, n, damage))
	whole := text.String()
	d, err := report.Describe(t.Context(), &text, report.Options{})
	require.NoError(t, err)
	require.Len(t, d.Settlements, 1)
	return whole, d
}

func sum(lines []seller.Line, description string) (cents int64) {
	for _, l := range lines {
		if l.Description == description {
			cents += l.Cents
		}
	}
	return cents
}

func TestEverySettlementTiesOutToTheCent(t *testing.T) {
	t.Parallel()
	ids := map[string]bool{}
	negative, nothing := 0, 0
	for _, seed := range []uint64{7, 20261123} {
		for _, a := range seller.Accounts(seed, now, 12) {
			books := seller.NewBooks(a)
			for n := range a.Finished(now) {
				s := books.Settlement(n)
				_, d := written(t, books, n, seller.Whole)
				require.Empty(t, d.Problems, "%s cycle %d", a.Key, n)
				require.Equal(t, "0.00", d.Settlements[0].Difference, "%s cycle %d", a.Key, n)
				require.Equal(t, s.Lines, d.Settlements[0].Lines)
				require.Equal(t, a.Currency, d.Settlements[0].Currency)
				require.False(t, ids[s.ID], "settlement %s is there once", s.ID)
				ids[s.ID] = true
				switch {
				case s.Deposit < 0:
					negative++
				case s.Deposit == 0:
					nothing++
				}
			}
		}
	}
	require.Positive(t, negative, "some cycles end below zero")
	require.Positive(t, nothing, "a cycle is held back whole")
}

func TestTheSameSeedGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	write := func(seed uint64) string {
		text, _ := written(t, seller.NewBooks(seller.Accounts(seed, now, 12)[0]), 3, seller.Whole)
		return text
	}
	require.Equal(t, write(1), write(1))
	require.NotEqual(t, write(1), write(2))
}

func TestReservesAndDebtsAreTakenOverByTheNextCycle(t *testing.T) {
	t.Parallel()
	held, charged, refused := int64(0), 0, 0
	eachCycle(t, func(b *seller.Books, n int, lines []seller.Line) {
		owed := int64(0)
		if n == 0 {
			held = 0
		} else {
			owed = min(b.Settlement(n-1).Deposit, 0)
		}
		require.Equal(t, held, sum(lines, "Previous Reserve Amount Balance"), "%s cycle %d", b.Account().Key, n)
		require.Equal(t, owed, sum(lines, "Payable to Amazon"))
		held = -sum(lines, "Current Reserve Amount")
		switch charge := sum(lines, "Successful charge"); {
		case owed == 0:
			require.Zero(t, charge)
		case charge == 0:
			refused++
		default:
			require.Equal(t, -owed, charge)
			charged++
		}
		if b.Account().Key == "uk" {
			require.Zero(t, held, "some accounts have no reserve at all")
		}
	})
	require.Positive(t, charged)
	require.Positive(t, refused)
}

func TestTheReserveIsPostedALittleAfterTheEnd(t *testing.T) {
	t.Parallel()
	seen := 0
	eachCycle(t, func(b *seller.Books, n int, lines []seller.Line) {
		s := b.Settlement(n)
		for _, l := range lines {
			if l.Description != "Current Reserve Amount" {
				require.False(t, l.Posted.Before(s.Start), "%s", l.Description)
				require.True(t, l.Posted.Before(s.End), "%s", l.Description)
				continue
			}
			seen++
			after := l.Posted.Sub(s.End)
			require.True(t, after >= 7*time.Second && after <= 300*time.Second, "%s", after)
		}
	})
	require.Positive(t, seen)
}

func TestABouncedTransferIsInTheBalanceAgain(t *testing.T) {
	t.Parallel()
	bounced := 0
	eachCycle(t, func(b *seller.Books, n int, lines []seller.Line) {
		for _, l := range lines {
			if strings.HasPrefix(l.Description, "Transfer of funds unsuccessful") {
				bounced++
				require.Equal(t, b.Settlement(n-1).Deposit, l.Cents)
			}
		}
	})
	require.Equal(t, 1, bounced)
}

func TestWhatAmazonCollectsItWithholdsExceptWhereTheSellerOwesIt(t *testing.T) {
	t.Parallel()
	eachCycle(t, func(b *seller.Books, n int, lines []seller.Line) {
		orders, withheld := map[string]int64{}, 0
		for _, l := range lines {
			switch {
			case l.AmountType == "ItemWithheldTax":
				withheld++
				orders[l.OrderID] += l.Cents
			case l.AmountType == "ItemPrice" && strings.HasSuffix(l.Description, "Tax"):
				orders[l.OrderID] += l.Cents
			}
		}
		if b.Account().Tax == seller.SellerOwed {
			require.Zero(t, withheld)
			return
		}
		require.Positive(t, withheld)
		for id, rest := range orders {
			require.Zero(t, rest, "order %s", id)
		}
	})
}

func TestRefundsNameTheirOrderAndManyComeInALaterSettlement(t *testing.T) {
	t.Parallel()
	sold, sameCycle, later, reported := map[string]int{}, 0, 0, map[string]bool{}
	eachCycle(t, func(b *seller.Books, n int, lines []seller.Line) {
		if n == 0 {
			clear(sold)
		}
		for _, l := range lines {
			if l.Type == "Order" {
				sold[l.OrderID] = n
			}
		}
		for _, l := range lines {
			if l.AdjustmentID == "" || l.AmountType != "ItemPrice" || l.Description != "Principal" {
				continue
			}
			in, known := sold[l.OrderID]
			require.Zero(t, l.Quantity)
			require.Empty(t, l.ShipmentID)
			require.Negative(t, l.Cents)
			switch {
			case !known:
				require.LessOrEqual(t, n, 4, "only orders from before the first cycle are unknown")
			case in == n:
				sameCycle++
			default:
				later++
			}
			reported[l.Type] = true
		}
	})
	require.Positive(t, sameCycle)
	require.Greater(t, later, sameCycle/2)
	require.Equal(t, map[string]bool{"Refund": true, "A-to-z Guarantee Refund": true, "Chargeback Refund": true}, reported)
}

// TestEveryKindIsOneThatAmazonWrites compares with the collected vocabulary.
func TestEveryKindIsOneThatAmazonWrites(t *testing.T) {
	t.Parallel()
	known := vocabulary(t)
	kinds, novel := map[[3]string]bool{}, map[string]int{}
	eachCycle(t, func(b *seller.Books, n int, lines []seller.Line) {
		for _, l := range lines {
			kind := [3]string{l.Type, l.AmountType, l.Description}
			if l.Type == "CouponRedemptionFee" || l.Type == "Grade and Resell Fees" {
				kind[2] = "<free text>"
			}
			kinds[kind] = true
			if l.Type == "A-to-z Guarantee Refund" || l.Type == "Chargeback Refund" {
				kind[0] = "Refund" // claims have the item lines of refunds
			}
			if !known[kind] {
				require.Equal(t, b.Account().NovelCycle, n, "%v", kind)
				novel[b.Account().Key]++
			}
		}
	})
	require.Equal(t, map[string]int{"us": 2}, novel, "two that nobody has seen, in the newest settlement")
	for _, must := range [][3]string{
		{"Order", "ItemFees", "DigitalServicesFee"}, {"Order", "Promotion", "TaxDiscount"}, {"Order", "Promotion", "Shipping"}, {"Refund", "ItemPrice", "RestockingFee"},
		{"Refund", "ItemFees", "RefundCommission"}, {"Refund", "ItemPrice", "Goodwill"}, {"Order_Retrocharge", "ItemPrice", "Tax"},
		{"other-transaction", "other-transaction", "Storage Fee"}, {"FBAFees", "FBA Inventory Storage Fee", "Tax on fee"},
		{"FBAFees", "FBA Inbound Placement Service Fee", "Base fee"}, {"ServiceFee", "Cost of Advertising", "TransactionTotalAmount"},
		{"other-transaction", "FBA Inventory Reimbursement", "COMPENSATED_CLAWBACK"}, {"other-transaction", "other-transaction", "RemovalComplete"},
		{"CouponRedemptionFee", "CouponRedemptionFee", "<free text>"}, {"Liquidations", "ItemFees", "LiquidationsBrokerageFee"},
		{"other-transaction", "other-transaction", "Amazon Capital Services"}, {"Transfers", "Micro Deposit", "Micro Deposit"},
		{"other-transaction", "other-transaction", "Subscription Fee"}, {"other-transaction", "ItemFees", "FBACustomerReturnPerUnitFee"},
	} {
		require.True(t, kinds[must], "%v", must)
	}
}

// vocabulary returns the known kinds; free text is one kind.
func vocabulary(t *testing.T) map[[3]string]bool {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	root := filepath.Dir(file)
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		require.NotEqual(t, filepath.Dir(root), root, "a go.mod above")
		root = filepath.Dir(root)
	}
	f, err := os.Open(filepath.Join(root, "../shared/reference/settlement/amount-types.csv"))
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("the collected vocabulary is not beside the repository")
	}
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	known := map[[3]string]bool{}
	for _, row := range rows {
		kind := [3]string(row[:3])
		if strings.HasPrefix(kind[2], "<free text") {
			kind[2] = "<free text>"
		}
		known[kind] = true
	}
	return known
}

func TestReportsAreWrittenAsTheMarketplaceWritesThem(t *testing.T) {
	t.Parallel()
	for i, summary := range []string{"2026-10-26 14:28:39 UTC\t2026-11-09 14:28:39 UTC\t2026-11-11 14:28:39 UTC", "26.10.2026 10:00:37 UTC", "09.11.2026 08:59:52 UTC"} {
		a := seller.Accounts(7, now, 12)[i]
		n := a.Finished(now) - 1
		text, _ := written(t, seller.NewBooks(a), n, seller.Whole)
		rows := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		require.Len(t, strings.Split(rows[0], "\t"), 24)
		require.Contains(t, rows[1], "\t"+summary)
		require.True(t, strings.HasSuffix(rows[1], a.Currency+strings.Repeat("\t", 18)))
		mark, other := ".", ","
		if a.Style.Comma {
			mark, other = ",", "."
		}
		for _, row := range rows[2:] {
			fields := strings.Split(row, "\t")
			require.Len(t, fields, 24-boolInt(fields[6] == "Liquidations"), row)
			require.Empty(t, strings.Join(fields[1:6], ""))
			require.Equal(t, fields[16], fields[17][:10])
			require.Contains(t, fields[14], mark)
			require.NotContains(t, fields[14], other)
		}
	}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestEqualRowsAndTitlesInAnyLanguageOccur(t *testing.T) {
	t.Parallel()
	equal, titles := 0, map[string]bool{}
	eachCycle(t, func(_ *seller.Books, _ int, lines []seller.Line) {
		seen := map[seller.Line]bool{}
		for _, l := range lines {
			if seen[l] {
				equal++
			}
			seen[l] = true
			if l.Type == "CouponRedemptionFee" {
				titles[l.Description] = true
			}
		}
	})
	require.Positive(t, equal)
	require.Contains(t, titles, "Spare 10 % auf Küchenhelfer")
	require.Contains(t, titles, `Save 10% on "Pour Over" brewing`)
}

func TestDamageIsFound(t *testing.T) {
	t.Parallel()
	for _, a := range seller.Accounts(7, now, 12) {
		books := seller.NewBooks(a)
		missing, d := written(t, books, 2, seller.MissingLine)
		require.NotEqual(t, "0.00", d.Settlements[0].Difference)
		require.Empty(t, d.Problems)
		require.NotContains(t, missing, "Current Reserve Amount")
		_, d = written(t, books, 2, seller.UnreadableRow)
		require.Len(t, d.Problems, 1)
		_, d = written(t, books, 2, seller.BadRows)
		require.GreaterOrEqual(t, len(d.Problems), 3)
	}
}

func TestALargeSettlementHasAboutAsManyLinesAsAskedFor(t *testing.T) {
	t.Parallel()
	books := seller.NewBooks(seller.Large(7, now, 100_000))
	require.Equal(t, 1, books.Account().Finished(now))
	require.InDelta(t, 100_000, books.Settlement(0).Lines, 10_000)
}

func TestAFailingWriterEndsTheReport(t *testing.T) {
	t.Parallel()
	reader, writer := io.Pipe()
	require.NoError(t, reader.Close())
	require.ErrorIs(t, seller.NewBooks(seller.Large(7, now, 50_000)).WriteReport(writer, 0, seller.Whole), io.ErrClosedPipe)
}

func TestTheCatalogueNamesEachProductOnceInAGroup(t *testing.T) {
	t.Parallel()
	skus, groups := map[string]bool{}, map[string]bool{}
	for _, p := range seller.Products() {
		skus[p.SKU], groups[p.Group] = true, true
		require.NotEmpty(t, p.Title)
	}
	require.Len(t, skus, 24)
	require.Len(t, groups, 3)
}
