package mapping

// Slots that are not named after a category.
const (
	SlotClearing        = "clearing"         // what Amazon owes until the bank has it
	SlotRounding        = "rounding"         // what converting per line leaves over
	SlotFXGain          = "fx_gain"          // open balances in other currencies are worth more
	SlotFXLoss          = "fx_loss"          // or less
	SlotReserve         = "reserve"          // held back by Amazon: one receivable, up and down
	SlotReceivable      = "receivable"       // what Amazon owes for orders that P21 has invoiced
	SlotCard            = "card"             // the card or bank account that pays a negative balance
	SlotDebtAdjustments = "debt_adjustments" // debt moved between the seller's own Amazon accounts
	SlotClawbacks       = "clawbacks"        // reimbursements taken back
	SlotVATOnFees       = "vat_on_fees"      // tax on Amazon's own fees
	SlotTaxAtSource     = "tax_at_source"    // tax collected or deducted at source (India)
	SlotIncomeTax       = "income_tax"       // income tax withheld from the balance
	SlotNone            = "none"             // needs no account; takes only amounts of zero
)

// Slot is one account that an accountant picks for a connection.
type Slot struct {
	Name  string
	Title string
	Hint  string // which account belongs here
	// Like names the slot whose account is proposed while nothing is picked;
	// empty when the slot needs a pick of its own.
	Like string
}

// Optional reports whether rules work without an account for the slot: it is
// needed for open balances in other currencies alone.
func (s Slot) Optional() bool { return s.Name == SlotFXGain || s.Name == SlotFXLoss }

// AllSlots returns the pick list in its order.
func AllSlots() []Slot {
	return []Slot{
		{SlotClearing, "Amazon clearing", "Asset. Debited with each deposit, credited when the bank receives it.", ""},
		{SlotReserve, "Reserve receivable", "Asset. What Amazon holds back until a later settlement.", ""},
		{SlotReceivable, "Amazon receivable", "Asset. What P21 has invoiced for Amazon orders; used where revenue is invoiced in P21.", ""},
		{SlotCard, "Card charged by Amazon", "Liability or bank. Pays for a negative balance.", ""},
		{SlotDebtAdjustments, "Between own Amazon accounts", "Asset or liability. Nets to zero over the seller's accounts.", SlotClearing},
		{SlotFXGain, "Unrealised exchange gains", "Income or expense. Open balances in other currencies at a period's end; needed for those alone.", SlotRounding},
		{SlotFXLoss, "Unrealised exchange losses", "Expense. The same account as gains, or one of its own.", SlotFXGain},
		{SlotRounding, "Rounding differences", "Expense. Cents left over by converting currencies.", ""},
		{string(Sales), "Product sales", "Income.", ""},
		{string(ShippingIncome), "Shipping income", "Income. Shipping that buyers pay.", string(Sales)},
		{string(GiftwrapIncome), "Gift wrap income", "Income.", string(ShippingIncome)},
		{string(CashOnDelivery), "Cash on delivery", "Asset. Cash that carriers collect.", SlotClearing},
		{string(Promotions), "Promotions and deals", "Contra income or marketing expense.", ""},
		{string(Refunds), "Refunds", "Contra income.", ""},
		{string(Chargeback), "Claims and chargebacks", "Expense. A-to-z claims and card disputes.", string(Refunds)},
		{string(SellingFees), "Selling fees", "Expense. Referral and closing fees.", ""},
		{string(RefundAdminFee), "Refund administration fee", "Expense. The part of a referral fee Amazon keeps.", string(SellingFees)},
		{string(FBAFees), "FBA fulfilment fees", "Expense. Pick, pack, weight, removal.", ""},
		{string(InboundFees), "Inbound freight and prep", "Expense, or part of the cost of stock.", ""},
		{string(StorageFees), "Storage fees", "Expense.", ""},
		{string(Advertising), "Advertising", "Expense. Ads paid from the balance, Vine.", ""},
		{string(Subscription), "Subscription", "Expense. The selling plan.", string(SellingFees)},
		{string(Reimbursements), "Reimbursements", "Other income. Units lost or damaged by Amazon.", ""},
		{SlotClawbacks, "Reimbursements taken back", "Other income, or an account of its own to watch them.", string(Reimbursements)},
		{string(OtherIncome), "Other income", "Income. Liquidations, credits, adjustments.", ""},
		{string(OtherExpense), "Other expense", "Expense. Postage, compliance fees, adjustments.", ""},
		{SlotIncomeTax, "Income tax withheld", "Asset or tax expense.", string(OtherExpense)},
		{string(SalesTaxCollected), "Sales tax collected", "Liability.", ""},
		{string(SalesTaxWithheld), "Sales tax withheld by Amazon", "Liability. The same account as collected tax nets to zero.", string(SalesTaxCollected)},
		{SlotTaxAtSource, "Tax collected or deducted at source", "Asset. Claimed from the tax office (India).", string(SalesTaxWithheld)},
		{string(VAT), "VAT and GST of sales", "Liability. Marketplace VAT that Amazon remits.", string(SalesTaxCollected)},
		{SlotVATOnFees, "VAT and GST on Amazon's fees", "Asset. Input tax, where it can be claimed.", string(VAT)},
		{string(Loan), "Amazon lending", "Liability. Repayments reduce it.", SlotClearing},
	}
}

// SlotOf returns the slot called name; one that somebody made up names itself.
func SlotOf(name string) Slot {
	for _, s := range AllSlots() {
		if s.Name == name {
			return s
		}
	}
	return Slot{Name: name, Title: name}
}

// FillPicks returns picks with every shipped slot filled that has none: with
// the account of the slot it is like. Slots without such a neighbour stay out.
func FillPicks(picks map[string]string) map[string]string { return fillPicks(AllSlots(), picks) }

func fillPicks(slots []Slot, picks map[string]string) map[string]string {
	like := make(map[string]string, len(slots))
	for _, s := range slots {
		like[s.Name] = s.Like
	}
	filled := make(map[string]string, len(picks))
	for _, s := range slots {
		name := s.Name
		for name != "" && picks[name] == "" {
			name = like[name]
		}
		if account := picks[name]; account != "" {
			filled[s.Name] = account
		}
	}
	for name, account := range picks {
		if account != "" {
			filled[name] = account
		}
	}
	return filled
}
