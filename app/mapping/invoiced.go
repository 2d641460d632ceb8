package mapping

import "slices"

// invoiced returns the template for books in which P21 invoices each order: what
// buyers pay and get back for an order goes to the receivable, because the
// invoice has booked the revenue. Everything else stays as summary has it.
func invoiced(summary Template) Template {
	t := Template{Name: "amazon-invoiced", Title: "Amazon settlements, revenue invoiced in P21"}
	for _, r := range summary.Rules {
		t.Rules = append(t.Rules, onReceivable(r)...)
	}
	for i := range t.Rules {
		t.Rules[i].Position = i + 1
	}
	return t
}

// onReceivable returns the rules that take r's place. One for any transaction
// type is preceded by one for sales and one for refunds: a liquidation's tax,
// for example, belongs to no invoiced order.
func onReceivable(r Rule) []Rule {
	if !ofOrder(r) {
		return []Rule{r}
	}
	if r.TransactionType != Anything {
		r.Slot = SlotReceivable
		return []Rule{r}
	}
	sale, refund := r, r
	sale.TransactionType, sale.Slot = ParseCondition("Order"), SlotReceivable
	refund.TransactionType, refund.Slot = ParseCondition("Refund"), SlotReceivable
	return []Rule{sale, refund, r}
}

// ofOrder reports whether r takes amounts that an order's invoice may hold.
func ofOrder(r Rule) bool {
	transactions := []Condition{Anything, ParseCondition("Order"), ParseCondition("Refund")}
	amounts := []Condition{ParseCondition("ItemPrice"), ParseCondition("Promotion"), ParseCondition("ItemWithheldTax")}
	categories := []Category{Sales, ShippingIncome, GiftwrapIncome, Promotions, Refunds, SalesTaxCollected, SalesTaxWithheld, VAT}
	return slices.Contains(transactions, r.TransactionType) && slices.Contains(amounts, r.AmountType) && slices.Contains(categories, r.Category)
}
