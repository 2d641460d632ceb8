package amazon

import (
	"encoding/json"
	"fmt"

	"github.com/shopspring/decimal"

	"tieout/app/money"
)

// Money is an amount as Amazon writes it; the zero value is no amount at all.
type Money struct {
	Amount   decimal.Decimal `json:"amount" expr:"amount"`
	Currency string          `json:"currencyCode" expr:"currencyCode"` // ISO 4217
}

// Stated reports whether Amazon gave the amount.
func (m Money) Stated() bool { return m.Currency != "" }

// Equal reports whether value and currency are the same; 1.10 equals 1.1.
func (m Money) Equal(n Money) bool { return m.Currency == n.Currency && m.Amount.Equal(n.Amount) }

// Bounds of an amount: beyond them it is a mistake, and to add it up could take
// all memory.
const (
	amountLength   = 40
	amountExponent = 30
)

// MarshalJSON writes the amount as Amazon does: a string with the currency's
// decimals.
func (m Money) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"amount": money.Plain(m.Amount, money.Currency(m.Currency)), "currencyCode": m.Currency})
}

// UnmarshalJSON reads the amount from a string, as the models have it, or from
// a number.
func (m *Money) UnmarshalJSON(raw []byte) error {
	var text struct {
		Amount   json.RawMessage `json:"amount"`
		Currency string          `json:"currencyCode"`
	}
	if err := json.Unmarshal(raw, &text); err != nil {
		return fmt.Errorf("read amount: %w", err)
	}
	amount, err := readAmount(text.Amount)
	*m = Money{amount, text.Currency}
	return err
}

// exact is a decimal of an answer, within the bounds of an amount.
type exact struct{ decimal.Decimal }

// UnmarshalJSON reads a text or a number.
func (e *exact) UnmarshalJSON(raw []byte) (err error) {
	e.Decimal, err = readAmount(raw)
	return err
}

func readAmount(raw json.RawMessage) (amount decimal.Decimal, err error) {
	if len(raw) == 0 || string(raw) == "null" {
		return amount, nil
	}
	if len(raw) > amountLength {
		return amount, fmt.Errorf("an amount of %d characters", len(raw))
	}
	text := string(raw)
	if raw[0] == '"' {
		if err := json.Unmarshal(raw, &text); err != nil {
			return amount, fmt.Errorf("read amount: %w", err)
		}
	}
	if amount, err = decimal.NewFromString(text); err != nil {
		return amount, fmt.Errorf("read amount: %w", err)
	}
	if e := amount.Exponent(); e < -amountExponent || e > amountExponent {
		return decimal.Decimal{}, fmt.Errorf("amount %s is out of range", text)
	}
	return amount, nil
}
