package report

// pairV1 is a type and its amount in V1.
type pairV1 struct{ kind, amount column }

// V1 has an amount per group of columns; the group is V2's amount type.
var pairsV1 = []pairV1{
	{colPriceType, colPrice},
	{colItemFeeType, colItemFee},
	{colShipmentFeeType, colShipmentFee},
	{colOrderFeeType, colOrderFee},
	{colPromotionType, colPromotion},
	{colDirectPaymentType, colDirectPayment},
	{-1, colMiscFee},
	{colOtherFeeReason, colOtherFee},
	{-1, colOther},
}

var amountsV1 = []column{colPrice, colItemFee, colShipmentFee, colOrderFee, colPromotion, colDirectPayment,
	colMiscFee, colOtherFee, colOther}

// detailV1 reads a row of V1: every amount in it counts, and the row that only
// has an item's quantity is a line of nothing. All amounts are read before the
// first is handed over, for a row with a problem is no line at all.
func (f *flat) detailV1() error {
	t := f.table
	f.parts = f.parts[:0]
	for _, pair := range pairsV1 {
		text := t.field(pair.amount)
		var name []byte
		if pair.kind >= 0 {
			name = t.field(pair.kind)
		}
		if len(text) == 0 {
			if len(name) > 0 {
				f.problem(columnNames[pair.amount], text, RuleAmountMissing)
				return nil
			}
			continue
		}
		amount, rule := f.amounts.parse(text, f.currency())
		if rule != "" {
			f.problem(columnNames[pair.amount], text, rule)
			return nil
		}
		part := f.translateV1(pair.amount, name)
		part.amount = amount
		f.parts = append(f.parts, part)
	}
	if len(f.parts) == 0 {
		f.parts = append(f.parts, part{transaction: t.field(colTransactionType)})
	}
	if !f.shared() {
		return nil
	}
	for i, part := range f.parts {
		kind, err := f.kind(t.field(colMarketplace), part.transaction, part.amountType, part.description)
		if err != nil || kind == nil {
			return err
		}
		f.line.Part, f.line.Kind, f.line.Amount = i, kind, part.amount
		if err := f.emit(); err != nil {
			return err
		}
	}
	return nil
}

// translateV1 gives an amount of the current row the names of V2. name is its
// type or reason.
func (f *flat) translateV1(amount column, name []byte) part {
	transaction := f.table.field(colTransactionType)
	switch amount {
	case colPrice:
		return part{transaction: transaction, amountType: priceGroup(name), description: name}
	case colItemFee:
		if string(transaction) == "ServiceFee" {
			return part{transaction: transaction, amountType: name, description: typeTransactionTotal}
		}
		return part{transaction: transaction, amountType: typeItemFees, description: name}
	case colShipmentFee:
		return part{transaction: transaction, amountType: typeShipmentFees, description: name}
	case colOrderFee:
		return part{transaction: transaction, amountType: typeOrderFees, description: name}
	case colPromotion:
		return part{transaction: transaction, amountType: typePromotion, description: name}
	case colDirectPayment:
		return part{transaction: transaction, amountType: typeDirectPayment, description: name}
	case colMiscFee:
		return part{transaction: transaction, amountType: typeMiscFee, description: typeMiscFee}
	case colOtherFee:
		if fee := f.table.field(colItemFeeType); len(fee) > 0 && string(transaction) == "ServiceFee" {
			return part{transaction: transaction, amountType: fee, description: name}
		}
		if len(name) == 0 {
			name = typeOtherFee
		}
		return part{transaction: transaction, amountType: typeOtherFee, description: name}
	}
	return accountEvent(transaction)
}
