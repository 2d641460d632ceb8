package report

// The rules that a Problem names.
const (
	RuleAmount          = "amount-not-a-number"
	RuleAmountMissing   = "amount-missing"
	RuleAmountAmbiguous = "amount-ambiguous"
	RuleAmountMixed     = "amount-style-mixed"
	RuleAmountRange     = "amount-out-of-range"
	RuleDate            = "date-not-readable"
	RuleDateMissing     = "date-missing"
	RuleDateAmbiguous   = "date-ambiguous"
	RuleDateMixed       = "date-order-mixed"
	RuleQuantity        = "quantity-not-a-number"
	RuleCurrency        = "currency-not-a-code"
	RuleCurrencyOther   = "currency-differs"
	RuleSettlementID    = "settlement-id-missing"
	RuleNoSummary       = "summary-row-missing"
	RuleSettlementTwice = "settlement-twice"
	RuleHeaderDiffers   = "header-differs"
	RuleTooManyFields   = "too-many-fields"
	RuleNUL             = "nul-byte"
	RuleRowTooLong      = "row-too-long"
	RuleTextTooLong     = "text-too-long"
	RuleTotalDiffers    = "total-differs-from-parts"
)

// Explain returns a sentence for people about a rule of a Problem.
func Explain(rule string) string {
	switch rule {
	case RuleAmount:
		return "This is not an amount."
	case RuleAmountMissing:
		return "The row has no amount."
	case RuleAmountAmbiguous:
		return "The mark could separate thousands or decimals, and nothing else in the file says which."
	case RuleAmountMixed:
		return "The file writes its other amounts with the other decimal mark."
	case RuleAmountRange:
		return "The amount is too large, or has more than four decimals."
	case RuleDate:
		return "This is not a date in any form that Amazon writes."
	case RuleDateMissing:
		return "The row has no date."
	case RuleDateAmbiguous:
		return "Day and month could be either way round, and nothing else in the file says which."
	case RuleDateMixed:
		return "The file writes day and month of its other dates the other way round."
	case RuleQuantity:
		return "This is not a whole number."
	case RuleCurrency:
		return "This is not a currency code."
	case RuleCurrencyOther:
		return "The amount is in another currency than its settlement."
	case RuleSettlementID:
		return "The row does not say which settlement it belongs to."
	case RuleNoSummary:
		return "No summary row with period and currency comes before this row's settlement."
	case RuleSettlementTwice:
		return "The file has this settlement's summary row twice."
	case RuleHeaderDiffers:
		return "A second header row with other columns stands in the middle of the file."
	case RuleTooManyFields:
		return "The row has more fields than the header has columns."
	case RuleNUL:
		return "The row has a NUL byte; the file is damaged."
	case RuleRowTooLong:
		return "The row is longer than 1 MiB; the file is damaged."
	case RuleTextTooLong:
		return "The text is longer than any name or number of Amazon's; the file is damaged."
	case RuleTotalDiffers:
		return "The amount is not the sum of its own parts."
	}
	return "The row breaks the rule " + rule + "."
}
