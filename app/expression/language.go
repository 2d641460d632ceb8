package expression

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/expr-lang/expr"
	"github.com/shopspring/decimal"
)

// builtins of the language that are kept; the others work on floats, read the
// clock, or may grow without bound.
var builtins = []string{"all", "none", "any", "one", "filter", "map", "find", "count", "len", "trim", "trimPrefix", "trimSuffix", "upper", "lower",
	"indexOf", "hasPrefix", "hasSuffix", "first", "last", "take"}

// places is how many decimals a quotient keeps.
const places = 12

func options(environment any) []expr.Option {
	list := []expr.Option{expr.Env(environment), expr.MaxNodes(maxNodes), expr.Optimize(false), expr.DisableAllBuiltins(), expr.Patch(literals{})}
	for _, kept := range builtins {
		list = append(list, expr.EnableBuiltin(kept))
	}
	list = append(list, operators()...)
	list = append(list, texts()...)
	return append(list, functions()...)
}

// operators makes the signs of arithmetic and comparison work on decimals, and
// between a decimal and an integer.
func operators() (list []expr.Option) {
	for sign, work := range map[string]func(a, b decimal.Decimal) (any, error){
		"+":  func(a, b decimal.Decimal) (any, error) { return a.Add(b), nil },
		"-":  func(a, b decimal.Decimal) (any, error) { return a.Sub(b), nil },
		"*":  func(a, b decimal.Decimal) (any, error) { return a.Mul(b), nil },
		"/":  divide,
		"==": func(a, b decimal.Decimal) (any, error) { return a.Equal(b), nil },
		"!=": func(a, b decimal.Decimal) (any, error) { return !a.Equal(b), nil },
		"<":  func(a, b decimal.Decimal) (any, error) { return a.LessThan(b), nil },
		"<=": func(a, b decimal.Decimal) (any, error) { return a.LessThanOrEqual(b), nil },
		">":  func(a, b decimal.Decimal) (any, error) { return a.GreaterThan(b), nil },
		">=": func(a, b decimal.Decimal) (any, error) { return a.GreaterThanOrEqual(b), nil },
	} {
		name := "decimal " + sign // nobody can write it
		both := func(p ...any) (any, error) {
			a, err := number(p[0])
			if err != nil {
				return nil, err
			}
			b, err := number(p[1])
			if err != nil {
				return nil, err
			}
			return bounded(work(a, b))
		}
		var types []any
		if strings.ContainsAny(sign, "=<>") {
			types = []any{new(func(decimal.Decimal, decimal.Decimal) bool), new(func(decimal.Decimal, int) bool), new(func(int, decimal.Decimal) bool)}
		} else {
			types = []any{new(func(decimal.Decimal, decimal.Decimal) decimal.Decimal), new(func(decimal.Decimal, int) decimal.Decimal), new(func(int, decimal.Decimal) decimal.Decimal)}
		}
		if sign == "/" { // a quotient of integers need not be one
			types = append(types, new(func(int, int) decimal.Decimal))
		}
		list = append(list, expr.Function(name, both, types...), expr.Operator(sign, name))
	}
	return list
}

func divide(a, b decimal.Decimal) (any, error) {
	if b.IsZero() {
		return nil, fmt.Errorf("division by zero")
	}
	return a.DivRound(b, places), nil
}

func number(value any) (decimal.Decimal, error) {
	switch v := value.(type) {
	case decimal.Decimal:
		return v, nil
	case int:
		return decimal.NewFromInt(int64(v)), nil
	case string:
		d, err := decimal.NewFromString(strings.TrimSpace(v))
		if err != nil || !sane(d) {
			return decimal.Zero, fmt.Errorf("%q is not a number", v)
		}
		return d, nil
	}
	return decimal.Zero, fmt.Errorf("a number is needed")
}

// functions are those that the language does not bring along.
func functions() []expr.Option {
	return []expr.Option{
		expr.Function("decimal", func(p ...any) (any, error) { return number(p[0]) },
			new(func(string) decimal.Decimal), new(func(int) decimal.Decimal), new(func(decimal.Decimal) decimal.Decimal)),
		expr.Function("round", func(p ...any) (any, error) {
			d, err := number(p[0])
			n := p[1].(int)
			if n < 0 || n > places {
				return nil, fmt.Errorf("round takes 0 to %d decimals", places)
			}
			return d.Round(int32(n)), err
		}, new(func(decimal.Decimal, int) decimal.Decimal), new(func(int, int) decimal.Decimal)),
		expr.Function("abs", func(p ...any) (any, error) {
			d, err := number(p[0])
			return d.Abs(), err
		}, new(func(decimal.Decimal) decimal.Decimal), new(func(int) decimal.Decimal)),
		expr.Function("sum", sum, new(func([]decimal.Decimal) decimal.Decimal), new(func([]int) decimal.Decimal), new(func([]any) decimal.Decimal)),
		expr.Function("text", func(p ...any) (any, error) { return words(p[0]) }, new(func(any) string)),
		expr.Function("cut", func(p ...any) (any, error) {
			runes := []rune(p[0].(string))
			return string(runes[:min(len(runes), max(p[1].(int), 0))]), nil
		}, new(func(string, int) string)),
		expr.Function("either", firstText, new(func(string, ...string) string)),
		expr.Function("day", day, new(func(time.Time, string) string)),
		expr.Function("later", func(p ...any) (any, error) {
			on, err := time.Parse(time.DateOnly, p[0].(string))
			if err != nil {
				return nil, fmt.Errorf("%q is not a date such as 2026-11-20", p[0])
			}
			return on.AddDate(0, 0, p[1].(int)).Format(time.DateOnly), nil
		}, new(func(string, int) string)),
	}
}

// sum adds up a list of numbers.
func sum(p ...any) (any, error) {
	list, result := reflect.ValueOf(p[0]), decimal.Zero
	for i := range list.Len() {
		d, err := number(list.Index(i).Interface())
		if err != nil {
			return nil, err
		}
		if result = result.Add(d); !sane(result) {
			return nil, errTooLong
		}
	}
	return result, nil
}

// words writes any value as text; nothing is the empty text.
func words(value any) (string, error) {
	switch v := value.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case decimal.Decimal:
		return v.String(), nil
	case time.Time:
		return v.UTC().Format(time.RFC3339), nil
	}
	if parts := maxParts; !few(reflect.ValueOf(value), &parts) {
		return "", errTooLong
	}
	return short(fmt.Sprint(value))
}

// firstText returns the first text that is not blank.
func firstText(p ...any) (any, error) {
	for _, each := range p {
		if text := each.(string); strings.TrimSpace(text) != "" {
			return text, nil
		}
	}
	return "", nil
}

// day returns the calendar day of an instant in a time zone.
func day(p ...any) (any, error) {
	zone, err := time.LoadLocation(p[1].(string))
	if err != nil || p[1] == "" {
		return nil, fmt.Errorf("%q is not a time zone such as America/New_York", p[1])
	}
	at := p[0].(time.Time)
	if at.IsZero() {
		return nil, fmt.Errorf("there is no time to take the day of")
	}
	return at.In(zone).Format(time.DateOnly), nil
}
