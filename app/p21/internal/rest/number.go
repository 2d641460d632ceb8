package rest

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/shopspring/decimal"
)

// Number is a decimal that JSON carries as a number: its digits are read and
// written as they are, never through floating point.
type Number struct{ decimal.Decimal }

// NumberOf wraps d.
func NumberOf(d decimal.Decimal) Number { return Number{d} }

// MarshalJSON writes the plain digits, without an exponent.
func (n Number) MarshalJSON() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalJSON reads a JSON number; null is zero. Exponents beyond anything
// that is money are refused before they fill the memory.
func (n *Number) UnmarshalJSON(raw []byte) error {
	if bytes.Equal(raw, []byte("null")) {
		*n = Number{}
		return nil
	}
	var digits json.Number
	if raw[0] == '"' {
		return fmt.Errorf("%s is a text, not a number", raw)
	}
	if err := json.Unmarshal(raw, &digits); err != nil {
		return err
	}
	value, err := decimal.NewFromString(digits.String())
	if err != nil {
		return fmt.Errorf("%s is not a decimal: %w", digits, err)
	}
	if value.Exponent() > 20 || value.Exponent() < -40 {
		return fmt.Errorf("%s is out of range", digits)
	}
	n.Decimal = value
	return nil
}
