package p21

// Account is one account of the demo's chart.
type Account struct {
	Number      string
	Description string
	Type        string // Asset, Liability, Equity, Income, Expense
	Control     string // AR or AP: a control account of that subledger
	Closed      bool   // kept for history, takes no postings
	Pick        string // the mapping slot or category this account is made for
}

// Accounts that others name.
const (
	Bank             = "1010-000"
	Clearing         = "1210-000"
	ReserveAccount   = "1220-000"
	Deferred         = "1230-000"
	AmazonReceivable = "1240-000"
	AmazonStock      = "1320-000"
	AmazonCost       = "5020-000"
	Card             = "2110-000"
	Rounding         = "7910-000"
)

// ChartOfAccounts is the chart of every demo company, by number. Pick says
// which account suits which category of the shipped mapping template.
func ChartOfAccounts() []Account {
	return []Account{
		{Number: Bank, Description: "Operating bank account", Type: "Asset"},
		{Number: "1020-000", Description: "Savings account", Type: "Asset"},
		{Number: "1030-000", Description: "Petty cash", Type: "Asset"},
		{Number: "1110-000", Description: "Accounts receivable - trade", Type: "Asset", Control: "AR"},
		{Number: "1120-000", Description: "Allowance for bad debts", Type: "Asset"},
		{Number: Clearing, Description: "Amazon clearing", Type: "Asset", Pick: "clearing"},
		{Number: "1215-000", Description: "Amazon COD clearing", Type: "Asset", Pick: "cod"},
		{Number: "1217-000", Description: "Amazon intercompany clearing", Type: "Asset", Pick: "debt_adjustments"},
		{Number: ReserveAccount, Description: "Amazon reserve receivable", Type: "Asset", Pick: "reserve"},
		{Number: Deferred, Description: "Amazon deferred receivable", Type: "Asset", Pick: "deferred"},
		{Number: AmazonReceivable, Description: "Amazon accounts receivable", Type: "Asset", Control: "AR"},
		{Number: "1245-000", Description: "Amazon orders invoiced", Type: "Asset", Pick: "receivable"},
		{Number: "1310-000", Description: "Inventory - warehouse", Type: "Asset"},
		{Number: AmazonStock, Description: "Inventory - Amazon FBA", Type: "Asset"},
		{Number: "1330-000", Description: "Inventory in transit", Type: "Asset"},
		{Number: "1410-000", Description: "Prepaid expenses", Type: "Asset"},
		{Number: "1420-000", Description: "Input VAT recoverable", Type: "Asset", Pick: "vat_on_fees"},
		{Number: "1430-000", Description: "Tax collected at source", Type: "Asset", Pick: "tax_at_source"},
		{Number: "1440-000", Description: "Income tax withheld", Type: "Asset", Pick: "income_tax"},
		{Number: "1510-000", Description: "Warehouse equipment", Type: "Asset"},
		{Number: "1590-000", Description: "Accumulated depreciation", Type: "Asset"},
		{Number: "2010-000", Description: "Accounts payable - trade", Type: "Liability", Control: "AP"},
		{Number: "2020-000", Description: "Goods received not invoiced", Type: "Liability"},
		{Number: Card, Description: "Company credit card", Type: "Liability", Pick: "card"},
		{Number: "2210-000", Description: "Sales tax payable", Type: "Liability", Pick: "sales_tax_collected"},
		{Number: "2215-000", Description: "Sales tax withheld by marketplaces", Type: "Liability", Pick: "sales_tax_withheld"},
		{Number: "2220-000", Description: "VAT payable", Type: "Liability", Pick: "vat"},
		{Number: "2310-000", Description: "Amazon Lending loan", Type: "Liability", Pick: "loan"},
		{Number: "2410-000", Description: "Accrued expenses", Type: "Liability"},
		{Number: "2510-000", Description: "Payroll liabilities", Type: "Liability"},
		{Number: "3010-000", Description: "Common stock", Type: "Equity"},
		{Number: "3020-000", Description: "Retained earnings", Type: "Equity"},
		{Number: "4010-000", Description: "Sales - wholesale", Type: "Income"},
		{Number: "4110-000", Description: "Sales - Amazon", Type: "Income", Pick: "sales"},
		{Number: "4120-000", Description: "Shipping income - Amazon", Type: "Income", Pick: "shipping_income"},
		{Number: "4130-000", Description: "Gift wrap income - Amazon", Type: "Income", Pick: "giftwrap_income"},
		{Number: "4210-000", Description: "Refunds - Amazon", Type: "Income", Pick: "refunds"},
		{Number: "4220-000", Description: "Promotions and deals - Amazon", Type: "Income", Pick: "promotions"},
		{Number: "4310-000", Description: "FBA reimbursements", Type: "Income", Pick: "reimbursements"},
		{Number: "4315-000", Description: "FBA reimbursements taken back", Type: "Income", Pick: "clawbacks"},
		{Number: "4410-000", Description: "Other income - Amazon", Type: "Income", Pick: "other_income"},
		{Number: "4900-000", Description: "Sales - Amazon (until 2023)", Type: "Income", Closed: true},
		{Number: "5010-000", Description: "Cost of goods sold", Type: "Expense"},
		{Number: AmazonCost, Description: "Cost of goods sold - Amazon", Type: "Expense"},
		{Number: "5030-000", Description: "Inventory adjustments", Type: "Expense"},
		{Number: "6110-000", Description: "Amazon selling fees", Type: "Expense", Pick: "selling_fees"},
		{Number: "6115-000", Description: "Amazon refund administration fees", Type: "Expense", Pick: "refund_admin_fee"},
		{Number: "6120-000", Description: "FBA fulfilment fees", Type: "Expense", Pick: "fba_fees"},
		{Number: "6130-000", Description: "FBA storage fees", Type: "Expense", Pick: "storage_fees"},
		{Number: "6140-000", Description: "FBA inbound freight and prep", Type: "Expense", Pick: "inbound_fees"},
		{Number: "6150-000", Description: "Amazon advertising", Type: "Expense", Pick: "advertising"},
		{Number: "6160-000", Description: "Amazon subscription", Type: "Expense", Pick: "subscription"},
		{Number: "6170-000", Description: "Claims and chargebacks - Amazon", Type: "Expense", Pick: "chargeback"},
		{Number: "6180-000", Description: "Other Amazon expenses", Type: "Expense", Pick: "other_expense"},
		{Number: "6510-000", Description: "Wages and salaries", Type: "Expense"},
		{Number: "6610-000", Description: "Rent", Type: "Expense"},
		{Number: "6620-000", Description: "Outbound freight", Type: "Expense"},
		{Number: "6710-000", Description: "Office and software", Type: "Expense"},
		{Number: "6810-000", Description: "Depreciation", Type: "Expense"},
		{Number: Rounding, Description: "Rounding differences", Type: "Expense", Pick: "rounding"},
		{Number: "7920-000", Description: "Foreign exchange gains and losses", Type: "Expense", Pick: "fx_gain"},
		{Number: "7990-000", Description: "Interest expense", Type: "Expense"},
	}
}

// Picks returns the account of every slot and category that the chart has one
// for: what a demo connection begins with.
func Picks() map[string]string {
	picks := map[string]string{}
	for _, a := range ChartOfAccounts() {
		if a.Pick != "" {
			picks[a.Pick] = a.Number
		}
	}
	return picks
}

// find returns the account with this number.
func find(chart []Account, number string) (Account, bool) {
	for _, a := range chart {
		if a.Number == number {
			return a, true
		}
	}
	return Account{}, false
}
