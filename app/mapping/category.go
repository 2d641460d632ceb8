package mapping

import "slices"

// Category groups amounts for reports and for the waterfall from sales to the
// deposit. It does not decide the account: the rule's slot or account does.
type Category string

const (
	Sales             Category = "sales"
	ShippingIncome    Category = "shipping_income"
	GiftwrapIncome    Category = "giftwrap_income"
	Promotions        Category = "promotions"
	Refunds           Category = "refunds"
	Chargeback        Category = "chargeback"
	SellingFees       Category = "selling_fees"
	RefundAdminFee    Category = "refund_admin_fee"
	FBAFees           Category = "fba_fees"
	InboundFees       Category = "inbound_fees"
	StorageFees       Category = "storage_fees"
	Advertising       Category = "advertising"
	Subscription      Category = "subscription"
	Reimbursements    Category = "reimbursements"
	OtherIncome       Category = "other_income"
	OtherExpense      Category = "other_expense"
	CashOnDelivery    Category = "cod"
	SalesTaxCollected Category = "sales_tax_collected"
	SalesTaxWithheld  Category = "sales_tax_withheld"
	VAT               Category = "vat"
	Loan              Category = "loan"
	ReserveHeld       Category = "reserve_held"
	ReserveReleased   Category = "reserve_released"
	Transfer          Category = "transfer"
	Memo              Category = "memo" // rows without an amount
)

// Class is a heading over categories.
type Class string

const (
	ClassSales    Class = "sales"    // what buyers pay
	ClassContra   Class = "contra"   // what sales lose: discounts, refunds, claims
	ClassFees     Class = "fees"     // what Amazon charges
	ClassOther    Class = "other"    // what Amazon pays or takes besides
	ClassTax      Class = "tax"      // collected, withheld and charged tax
	ClassReserve  Class = "reserve"  // money held back and released
	ClassTransfer Class = "transfer" // money moved outside the deposit
	ClassMemo     Class = "memo"     // no money at all
)

// Statement says where a category ends up in the books.
type Statement string

const (
	Income       Statement = "income"
	Expense      Statement = "expense"
	BalanceSheet Statement = "balance_sheet"
	NoStatement  Statement = "none"
)

// CategoryInfo is what screens and reports say about a category.
type CategoryInfo struct {
	Category  Category
	Title     string
	Class     Class
	Statement Statement
	Slot      string // the slot that a rule of this category uses unless it says another
}

// categories are all of them in the order of the waterfall; never written.
var categories = [...]CategoryInfo{
	{Sales, "Product sales", ClassSales, Income, string(Sales)},
	{ShippingIncome, "Shipping", ClassSales, Income, string(ShippingIncome)},
	{GiftwrapIncome, "Gift wrap", ClassSales, Income, string(GiftwrapIncome)},
	{CashOnDelivery, "Cash on delivery", ClassSales, BalanceSheet, string(CashOnDelivery)},
	{Promotions, "Promotions and deals", ClassContra, Income, string(Promotions)},
	{Refunds, "Refunds", ClassContra, Income, string(Refunds)},
	{Chargeback, "Claims and chargebacks", ClassContra, Expense, string(Chargeback)},
	{SellingFees, "Selling fees", ClassFees, Expense, string(SellingFees)},
	{RefundAdminFee, "Refund administration fee", ClassFees, Expense, string(RefundAdminFee)},
	{FBAFees, "FBA fulfilment fees", ClassFees, Expense, string(FBAFees)},
	{InboundFees, "Inbound freight and prep", ClassFees, Expense, string(InboundFees)},
	{StorageFees, "Storage fees", ClassFees, Expense, string(StorageFees)},
	{Advertising, "Advertising", ClassFees, Expense, string(Advertising)},
	{Subscription, "Subscription", ClassFees, Expense, string(Subscription)},
	{Reimbursements, "Reimbursements", ClassOther, Income, string(Reimbursements)},
	{OtherIncome, "Other income", ClassOther, Income, string(OtherIncome)},
	{OtherExpense, "Other expense", ClassOther, Expense, string(OtherExpense)},
	{SalesTaxCollected, "Sales tax collected", ClassTax, BalanceSheet, string(SalesTaxCollected)},
	{SalesTaxWithheld, "Sales tax withheld by Amazon", ClassTax, BalanceSheet, string(SalesTaxWithheld)},
	{VAT, "VAT and GST", ClassTax, BalanceSheet, string(VAT)},
	{Loan, "Amazon lending", ClassTransfer, BalanceSheet, string(Loan)},
	{ReserveReleased, "Reserve released", ClassReserve, BalanceSheet, SlotReserve},
	{ReserveHeld, "Reserve held", ClassReserve, BalanceSheet, SlotReserve},
	{Transfer, "Transfers and charges", ClassTransfer, BalanceSheet, SlotClearing},
	{Memo, "Without an amount", ClassMemo, NoStatement, SlotNone},
}

// Categories returns every category in the order of the waterfall.
func Categories() []CategoryInfo { return slices.Clone(categories[:]) }

// Info returns what is known about c, false for a category that does not exist.
func (c Category) Info() (CategoryInfo, bool) {
	for _, info := range categories[:] {
		if info.Category == c {
			return info, true
		}
	}
	return CategoryInfo{}, false
}

// Title returns the category's name for people; an unknown one names itself.
func (c Category) Title() string {
	if info, ok := c.Info(); ok {
		return info.Title
	}
	return string(c)
}

// Order returns the category's place in the waterfall; unknown ones come last.
func (c Category) Order() int {
	for i, info := range categories[:] {
		if info.Category == c {
			return i
		}
	}
	return len(categories)
}
