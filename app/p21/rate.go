package p21

import (
	"context"

	"github.com/shopspring/decimal"

	"tieout/app/money"
	"tieout/app/period"
)

// Rates are the exchange rates that P21 keeps.
type Rates interface {
	// ExchangeRates returns the rates of the days from since on, by day. An *Error
	// of Type Unsupported says that this server does not tell them.
	ExchangeRates(ctx context.Context, since period.Date) ([]ExchangeRate, error)
}

// ExchangeRate is the value of one unit of From in To on a day.
type ExchangeRate struct {
	From, To money.Currency
	On       period.Date
	Rate     decimal.Decimal
}
