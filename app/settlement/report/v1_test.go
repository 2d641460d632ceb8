package report_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/money"
	"tieout/app/settlement/report"
	"tieout/app/settlement/report/reporttest"
)

// rowV1 writes a row of V1 from column names and values.
func rowV1(cells map[string]string) string {
	names := strings.Split(reporttest.HeaderV1, "\t")
	row := make([]string, len(names))
	for i, name := range names {
		row[i] = cells[name]
	}
	return strings.Join(row, "\t")
}

func v1(rows ...map[string]string) []byte {
	lines := []string{reporttest.HeaderV1, rowV1(map[string]string{"settlement-id": "1",
		"settlement-start-date": "2025-07-31T22:07:18+00:00", "settlement-end-date": "2025-08-14T22:07:18+00:00",
		"deposit-date": "2025-08-16T22:07:18+00:00", "total-amount": "-3.50", "currency": "CAD"})}
	for _, row := range rows {
		row["settlement-id"] = "1"
		if _, given := row["posted-date"]; !given {
			row["posted-date"] = "2025-08-14T06:23:59+00:00"
		}
		lines = append(lines, rowV1(row))
	}
	return []byte(strings.Join(lines, "\n"))
}

func TestV1SpeaksTheWordsOfV2(t *testing.T) {
	t.Parallel()
	type row = map[string]string
	for _, c := range []struct {
		row  row
		want []string // transaction/type/description=amount
	}{
		{row{"transaction-type": "Order", "price-type": "Principal", "price-amount": "60.00"}, []string{"Order/ItemPrice/Principal=60.00"}},
		{row{"transaction-type": "Order", "price-type": "MarketplaceFacilitatorTax-Principal", "price-amount": "-1.00"}, []string{"Order/ItemWithheldTax/MarketplaceFacilitatorTax-Principal=-1.00"}},
		{row{"transaction-type": "Order", "price-type": "LowValueGoodsTax-Shipping", "price-amount": "-1.00"}, []string{"Order/ItemWithheldTax/LowValueGoodsTax-Shipping=-1.00"}},
		{row{"transaction-type": "Order", "price-type": "TCS-CGST", "price-amount": "-1.00"}, []string{"Order/ItemTCS/TCS-CGST=-1.00"}},
		{row{"transaction-type": "Order", "price-type": "PointsGranted", "price-amount": "-1"}, []string{"Order/Points/PointsGranted=-1.00"}},
		{row{"transaction-type": "Refund", "item-related-fee-type": "RefundCommission", "item-related-fee-amount": "-1.93"}, []string{"Refund/ItemFees/RefundCommission=-1.93"}},
		{row{"transaction-type": "Order", "shipment-fee-type": "FBA transportation fee", "shipment-fee-amount": "-2.00"}, []string{"Order/ShipmentFees/FBA transportation fee=-2.00"}},
		{row{"transaction-type": "Order", "order-fee-type": "Fee", "order-fee-amount": "-2.00"}, []string{"Order/OrderFees/Fee=-2.00"}},
		{row{"transaction-type": "Order", "promotion-type": "Shipping", "promotion-amount": "-6.99", "promotion-id": "P"}, []string{"Order/Promotion/Shipping=-6.99"}},
		{row{"transaction-type": "Order", "direct-payment-type": "CollectOnDeliveryRevenue", "direct-payment-amount": "-9.00"}, []string{"Order/DirectPayment/CollectOnDeliveryRevenue=-9.00"}},
		{row{"transaction-type": "ServiceFee", "item-related-fee-type": "Cost of Advertising", "item-related-fee-amount": "-1.16", "other-fee-amount": "-0.14", "other-fee-reason-description": "TaxAmount"},
			[]string{"ServiceFee/Cost of Advertising/TransactionTotalAmount=-1.16", "ServiceFee/Cost of Advertising/TaxAmount=-0.14"}},
		{row{"transaction-type": "Order", "price-type": "Principal", "price-amount": "5.00", "item-related-fee-type": "Commission", "item-related-fee-amount": "-1.00"},
			[]string{"Order/ItemPrice/Principal=5.00", "Order/ItemFees/Commission=-1.00"}},
		{row{"transaction-type": "Order", "misc-fee-amount": "-1.00"}, []string{"Order/MiscFee/MiscFee=-1.00"}},
		{row{"transaction-type": "Order", "other-fee-amount": "-1.00", "other-fee-reason-description": "Labels"}, []string{"Order/OtherFee/Labels=-1.00"}},
		{row{"transaction-type": "Storage Fee", "other-amount": "-32.09    "}, []string{"other-transaction/other-transaction/Storage Fee=-32.09"}},
		{row{"transaction-type": "Payable to Amazon", "other-amount": "-321.69"}, []string{"other-transaction/other-transaction/Payable to Amazon=-321.69"}},
		{row{"transaction-type": "WAREHOUSE_DAMAGE", "other-amount": "15.25"}, []string{"other-transaction/FBA Inventory Reimbursement/WAREHOUSE_DAMAGE=15.25"}},
		{row{"transaction-type": "Micro Deposit", "other-amount": "-0.01"}, []string{"Transfers/Micro Deposit/Micro Deposit=-0.01"}},
		{row{"transaction-type": "Order", "other-amount": "2.00"}, []string{"Order/other-transaction/other-transaction=2.00"}},
		{row{"transaction-type": "Order", "quantity-purchased": "1", "sku": "S"}, []string{"Order//=0.00"}},
	} {
		summary, got := parse(t, v1(c.row), report.Options{})
		require.Empty(t, summary.Problems)
		require.Equal(t, report.FlatFile, summary.Format)
		require.Equal(t, 1, summary.Settlements[0].Rows)
		var names []string
		for i, l := range got.lines {
			require.Equal(t, i, l.Part)
			require.Equal(t, 3, l.Row)
			names = append(names, l.Kind.TransactionType+"/"+l.Kind.AmountType+"/"+l.Kind.AmountDescription+"="+l.Amount.String())
		}
		require.Equal(t, c.want, names)
	}
}

func TestAV1RowWithOneBadAmountGivesNoLineAtAll(t *testing.T) {
	t.Parallel()
	for column, cells := range map[string]map[string]string{
		"other-fee-amount": {"transaction-type": "ServiceFee", "item-related-fee-type": "Cost of Advertising", "item-related-fee-amount": "-1.16", "other-fee-amount": "tax"},
		"price-amount":     {"transaction-type": "Order", "price-type": "Principal", "quantity-purchased": "1"},
		"posted-date":      {"transaction-type": "Order", "price-type": "Principal", "price-amount": "1.00", "posted-date": ""},
	} {
		summary, got := parse(t, v1(cells), report.Options{})
		require.Empty(t, got.lines)
		require.Len(t, summary.Problems, 1)
		require.Equal(t, column, summary.Problems[0].Column)
		require.Equal(t, money.Units(0), summary.Settlements[0].Sum)
	}
}
