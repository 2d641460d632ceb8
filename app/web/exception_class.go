package web

import "tieout/app/exception"

// exceptionClasses are all classes in the order in which they are offered.
func exceptionClasses() []exception.Class {
	return []exception.Class{
		exception.UnmappedKind, exception.OutOfBalance, exception.UnreadableLines, exception.UnreadableFile, exception.AmendedReport,
		exception.NoPeriod, exception.ClosedPeriod, exception.MissingRate, exception.RoundingLimit, exception.AccountProblem,
		exception.PostingRefused, exception.PostingUnknown, exception.PostingMismatch, exception.ByHandDiffers, exception.ChainBroken, exception.TaxResidue,
		exception.UnknownSKU, exception.MappingFailed, exception.CheckFailed, exception.DeliveryRefused, exception.DeliveryUnknown, exception.DeliveryMismatch,
		exception.StockDifference, exception.InboundDifference, exception.StockLost, exception.UnknownCharge, exception.NoCost,
	}
}

// classTitle is a class as people read it.
func classTitle(c exception.Class) string {
	switch c {
	case exception.UnmappedKind:
		return "Unmapped kind"
	case exception.OutOfBalance:
		return "Out of balance"
	case exception.UnreadableLines:
		return "Unreadable lines"
	case exception.UnreadableFile:
		return "Unreadable file"
	case exception.AmendedReport:
		return "Re-issued report"
	case exception.NoPeriod:
		return "No fiscal period"
	case exception.ClosedPeriod:
		return "Closed period"
	case exception.MissingRate:
		return "Missing exchange rate"
	case exception.RoundingLimit:
		return "Rounding above the limit"
	case exception.AccountProblem:
		return "Account problem"
	case exception.PostingRefused:
		return "Refused by Prophet 21"
	case exception.PostingUnknown:
		return "Posting unknown"
	case exception.PostingMismatch:
		return "Differs in Prophet 21"
	case exception.ByHandDiffers:
		return "Entered by hand, differs"
	case exception.ChainBroken:
		return "Broken chain"
	case exception.TaxResidue:
		return "Tax residue"
	case exception.UnknownSKU:
		return "Unknown SKU"
	case exception.MappingFailed:
		return "Mapping failed"
	case exception.CheckFailed:
		return "Check failed"
	case exception.DeliveryRefused:
		return "Delivery refused"
	case exception.DeliveryUnknown:
		return "Delivery unknown"
	case exception.DeliveryMismatch:
		return "Differs at the other side"
	case exception.StockDifference:
		return "Stock differs"
	case exception.StockLost:
		return "Lost at Amazon"
	case exception.UnknownCharge:
		return "Unknown charge"
	case exception.NoCost:
		return "No cost"
	case exception.InboundDifference:
		return "Inbound shipment differs"
	}
	return string(c)
}

// classAdvice says what a class means and what helps.
func classAdvice(c exception.Class) string {
	switch c {
	case exception.UnmappedKind:
		return "No rule says which account this sort of amount goes to. Settlements that hold it are not submitted until somebody decides; nothing is guessed."
	case exception.OutOfBalance:
		return "The lines of the report do not add up to its deposit, so nothing of the settlement can be submitted. Upload the re-issued report, or propose a correction on the settlement's page."
	case exception.UnreadableLines:
		return "These rows were kept as they came and are in no total. The settlement is out of balance without them until the report is re-issued or corrected."
	case exception.UnreadableFile:
		return "The file is no settlement report that can be read. It is kept as it came; nothing was imported from it."
	case exception.AmendedReport:
		return "Amazon issued the report again with another content. Unposted entries of the old reading are taken back, posted ones have a reversal drafted; check those before you submit them."
	case exception.NoPeriod:
		return "Prophet 21 has no fiscal period for a day of the settlement. Open the period in Prophet 21 and read the periods again."
	case exception.ClosedPeriod:
		return "Lines belong to a period that Prophet 21 has closed. Open it again there, or let the policy of the connection move them to the first open period."
	case exception.MissingRate:
		return "There is no exchange rate for the day that the policy asks for. Enter one under Exchange rates; the entries are drafted again by themselves."
	case exception.RoundingLimit:
		return "Converting the lines leaves more over than the policy allows. Check the exchange rate before you raise the limit."
	case exception.AccountProblem:
		return "A rule leads to an account that cannot be posted to. Pick another one in the rules, or correct the account in Prophet 21 and read the accounts again."
	case exception.PostingRefused:
		return "Prophet 21 said no and holds nothing of the entry. Its words stand below. The entry is a draft again: correct it and submit it once more."
	case exception.PostingUnknown:
		return "The answer of Prophet 21 was lost. Look in Prophet 21 for the reference, then say on the entry's page what you found. Nothing is sent again by itself."
	case exception.PostingMismatch:
		return "Prophet 21 holds something else under the reference of the entry. Correct it in Prophet 21, then look again on the entry's page."
	case exception.ByHandDiffers:
		return "Prophet 21 was asked for an entry that was entered there by hand, and shows something else. Both stand below. Correct it in Prophet 21: it is read again every few minutes, and this ends by itself when they agree."
	case exception.ChainBroken:
		return "The opening balance of a cycle does not follow from the cycle before. A report may be missing."
	case exception.TaxResidue:
		return "Tax that Amazon collected and tax that it withheld do not cancel each other."
	case exception.UnknownSKU:
		return "No item of Prophet 21 stands for this SKU. Map it: everything that waits on it goes on by itself, oldest first."
	case exception.MappingFailed:
		return "A formula does not come out for these records. Correct it in the mapping of the flow; they are mapped anew as soon as the new version is in use."
	case exception.CheckFailed:
		return "A business rule does not hold for these records. Correct the cause at the source, or the rule in the mapping of the flow."
	case exception.DeliveryRefused:
		return "The other side said no and holds nothing of these records. Remove the cause it names, then try them again."
	case exception.DeliveryUnknown:
		return "The answer was lost and the other side does not show it. Look there: when it is there, try again and it is found; when it is not, say so and it is sent again."
	case exception.DeliveryMismatch:
		return "The other side holds something else under the record's key. Put it right there and try again, or ignore it with a reason."
	case exception.StockDifference:
		return "Amazon has another quantity in its warehouses than Prophet 21 believes. Somebody who approves entries can have Prophet 21 adjusted by exactly this difference; when the numbers move first, it is compared anew."
	case exception.StockLost:
		return "Amazon's ledger of its warehouses says that units were lost or damaged there, at what they cost in Prophet 21. Claim them in Seller Central when Amazon does not pay by itself, and ignore this with the case's number; what is found later stands in the ledger of that day."
	case exception.UnknownCharge:
		return "Amazon tells of this before a settlement has it, and no rule says which account it goes to. The transactions with it are left out of accruals and deferrals. Add a rule for it, or wait: the settlement brings it under its own name."
	case exception.NoCost:
		return "Units were sold whose cost is not known: no item of Prophet 21 stands for their SKU, or Prophet 21 has no cost of the item. Map the SKU, or give the item a cost there; the units go into the entry by themselves. Nothing is guessed."
	case exception.InboundDifference:
		return "Amazon says that it received another quantity than was sent. Have it looked for or claim it in Seller Central; when Amazon finds it, this closes by itself. Ignore it with the case's number when it is settled otherwise."
	}
	return ""
}
