package catalog

import (
	"fmt"
	"math"

	"github.com/shopspring/decimal"

	"tieout/app/money"
)

// Line is one item of a split order line.
type Line struct {
	Code     string
	Quantity int64
	Price    decimal.Decimal // of the whole quantity
}

// Split turns an order line of so many units at the price of all of them into
// one line per part. Prices go by the shares or, without them, by list price
// times quantity; items of which a list price is missing or in another currency
// are weighed by their quantity alone. Each price is cut to the currency's minor
// unit, towards zero so that none changes its sign, and the largest part takes
// what is left: the sum is the price, exactly.
func (p Parts) Split(quantity int64, price decimal.Decimal, currency money.Currency) ([]Line, error) {
	if len(p) == 0 {
		return nil, fmt.Errorf("split a line: the SKU stands for no item")
	}
	weights := p.weights()
	total, largest := decimal.Zero, 0
	for i, w := range weights {
		total = total.Add(w)
		if w.GreaterThan(weights[largest]) {
			largest = i
		}
	}
	lines, rest := make([]Line, len(p)), price
	for i, part := range p {
		units, err := times(quantity, int64(part.Quantity))
		if err != nil {
			return nil, fmt.Errorf("split a line: %s of %s: %w", part.Code, p, err)
		}
		share := portion(price, weights[i], total, currency.MinorDigits())
		lines[i] = Line{part.Code, units, share}
		rest = rest.Sub(share)
	}
	lines[largest].Price = lines[largest].Price.Add(rest)
	return lines, nil
}

// portion is price * weight / total, cut towards zero.
func portion(price, weight, total decimal.Decimal, digits int32) decimal.Decimal {
	quotient, _ := price.Mul(weight).QuoRem(total, digits)
	return quotient
}

// weights say how the price falls to the parts; their sum is positive.
func (p Parts) weights() []decimal.Decimal {
	weights := make([]decimal.Decimal, len(p))
	if p[0].Share.Valid {
		for i, part := range p {
			weights[i] = part.Share.Decimal
		}
		return weights
	}
	priced := p.priced()
	for i, part := range p {
		weights[i] = decimal.NewFromInt(int64(part.Quantity))
		if priced {
			weights[i] = weights[i].Mul(part.ListPrice.Decimal)
		}
	}
	return weights
}

// priced reports whether list prices can be compared.
func (p Parts) priced() bool {
	for _, part := range p {
		if !part.ListPrice.Valid || !part.ListPrice.Decimal.IsPositive() || part.Currency != p[0].Currency {
			return false
		}
	}
	return true
}

func times(a, b int64) (int64, error) {
	if a < 0 || (b > 0 && a > math.MaxInt64/b) {
		return 0, fmt.Errorf("%d times %d is no quantity", a, b)
	}
	return a * b, nil
}
