package expression_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/expression"
)

type item struct {
	SKU    string          `expr:"sku"`
	Units  int             `expr:"units"`
	Amount decimal.Decimal `expr:"amount"`
	Free   bool            `expr:"free"`
}

type order struct {
	ID      string          `expr:"id"`
	Placed  time.Time       `expr:"placed"`
	Total   decimal.Decimal `expr:"total"`
	Same    decimal.Decimal `expr:"same"`
	Items   []item          `expr:"items"`
	Labels  []string        `expr:"labels"`
	Nothing string          `expr:"nothing"`
	Ratio   float64         `expr:"ratio"`
	Buyer   *item           `expr:"buyer"`
}

func sample() order {
	return order{ID: " 111-1 ", Placed: time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC), Total: decimal.RequireFromString("12.30"), Same: decimal.RequireFromString("12.3"),
		Items: []item{{"A", 2, decimal.RequireFromString("10.10"), false}, {"B", 1, decimal.RequireFromString("2.20"), true}}, Labels: []string{"PRIME"}}
}

func TestFormulas(t *testing.T) {
	t.Parallel()
	for formula, want := range map[string]any{
		`id`:                                             " 111-1 ",
		`trim(id) + "/" + cut(labels[0], 2)`:             "111-1/PR",
		`either(nothing, "  ", "x")`:                     "x",
		`upper(items[0].sku)`:                            "A",
		`total == same`:                                  true,
		`same == total`:                                  true,
		`total != same`:                                  false,
		`total > 12`:                                     true,
		`12 < total and total <= 12.30`:                  true,
		`total == 12.3`:                                  true,
		`0.1 + 0.2 == 0.3`:                               true,
		`total - same == 0`:                              true,
		`items[0].amount / items[0].units`:               decimal.RequireFromString("5.05"),
		`1 / 3`:                                          decimal.RequireFromString("0.333333333333"),
		`round(total * 0.15, 2)`:                         decimal.RequireFromString("1.85"),
		`sum(map(items, .amount)) == total`:              true,
		`sum(map(items, .units))`:                        decimal.NewFromInt(3),
		`nobody`:                                         nil, // unknown name
		`items[0].units + 1`:                             3,
		`"PRIME" in labels`:                              true,
		`any(items, .free)`:                              true,
		`all(items, .amount > 2 * 1)`:                    true,
		`count(items, .amount >= 10.10)`:                 1,
		`day(placed, "America/New_York")`:                "2026-11-19",
		`later(day(placed, "UTC"), 1)`:                   "2026-11-21",
		`abs(0 - total)`:                                 decimal.RequireFromString("12.3"),
		`total > 10 ? "big" : "small"`:                   "big",
		`text(total)`:                                    "12.3",
		`decimal("7.50") * 2`:                            decimal.NewFromInt(15),
		`len(items) == 2 && not any(items, .units == 0)`: true,
	} {
		t.Run(formula, func(t *testing.T) {
			t.Parallel()
			f, err := expression.Compile(formula, order{}, typeOf(want))
			if want == nil {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			got, err := f.Eval(sample())
			require.NoError(t, err)
			if d, ok := want.(decimal.Decimal); ok {
				require.True(t, d.Equal(got.(decimal.Decimal)), "%s", got)
				return
			}
			require.Equal(t, want, got)
		})
	}
}

func typeOf(want any) expression.Type {
	switch want.(type) {
	case decimal.Decimal:
		return expression.Number
	case int:
		return expression.Integer
	case bool:
		return expression.Flag
	}
	return expression.Text
}

func TestWhatIsRefusedBeforehand(t *testing.T) {
	t.Parallel()
	for formula, says := range map[string]string{
		``:                              "empty",
		`id +`:                          "Unexpected token",
		`idd`:                           "Unknown name idd",
		`total`:                         "comes to number, but text is needed",
		`placed`:                        "use day",
		`items`:                         "a list",
		`text(ratio == 1)`:              "not exact",
		`text(ratio + 0.5)`:             "",
		`total == "12"`:                 "mismatched types",
		`text(first(items)?.sku == id)`: "",
		`now()`:                         "Unknown name now",
		`mean([1])`:                     "",
		`text(2 ** 3)`:                  "exact between decimals only",
		`repeat("x", 1000000000)`:       "Unknown name repeat",
		`buyer.sku.none`:                "",
	} {
		t.Run(formula, func(t *testing.T) {
			t.Parallel()
			_, err := expression.Compile(formula, order{}, expression.Text)
			if says == "" && err == nil {
				return // allowed, or refused with whatever words
			}
			var wrong *expression.Error
			require.ErrorAs(t, err, &wrong)
			require.Contains(t, wrong.Error(), says)
		})
	}
}

func TestALongFormulaIsRefused(t *testing.T) {
	t.Parallel()
	long := "1"
	for range 400 {
		long += "+1"
	}
	_, err := expression.Compile(long, order{}, expression.Number)
	require.ErrorContains(t, err, "node")
	for range 400 {
		long += "+1+1"
	}
	_, err = expression.Compile(long, order{}, expression.Number)
	require.ErrorContains(t, err, "2000 characters")
}

func TestWhatGoesWrongInARecordIsSaidInWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		formula string
		want    expression.Type
		says    string
	}{
		{`total / (total - same)`, expression.Number, "Division by zero"},
		{`items[7].sku`, expression.Text, "Index out of range"},
		{`id`, expression.Date, "is not a date"},
		{`decimal(id)`, expression.Number, "is not a number"},
		{`day(placed, "Moon")`, expression.Date, "is not a time zone"},
		{`buyer.sku`, expression.Text, ""},
	} {
		f, err := expression.Compile(c.formula, order{}, c.want)
		require.NoError(t, err, c.formula)
		_, err = f.Eval(sample())
		var wrong *expression.Error
		require.ErrorAs(t, err, &wrong, c.formula)
		require.Contains(t, wrong.Error(), c.says)
	}
}

// TestFormulasThatGrowAreStopped: each of them would take the machine's memory or
// its time.
func TestFormulasThatGrowAreStopped(t *testing.T) {
	t.Parallel()
	doubled, squared, listed := "let x0 = labels[0]; ", "let x0 = total; ", "let x0 = labels; "
	for i := range 40 {
		doubled += fmt.Sprintf("let x%d = x%d + x%d; ", i+1, i, i)
		squared += fmt.Sprintf("let x%d = x%d * x%d; ", i+1, i, i)
		listed += fmt.Sprintf("let x%d = [x%d, x%d]; ", i+1, i, i)
	}
	replaced := "labels[0]"
	for range 20 {
		replaced = `replace(` + replaced + `, "", "PRIMEPRIME")`
	}
	for formula, want := range map[string]expression.Type{
		`decimal("1e999999999") == total`: expression.Flag, `total * decimal("1e-2147483000")`: expression.Number, `decimal("1e390") * decimal("1e390")`: expression.Number,
		doubled + "x40": expression.Text, squared + "x40": expression.Number, listed + "text(x40)": expression.Text, replaced: expression.Text,
		`join(split(` + strings.Repeat(`replace(`, 3) + `"` + strings.Repeat("a", 90) + `"` + strings.Repeat(`, "a", "aaaaaaaaa")`, 3) + `, ""), "x")`: expression.Text,
	} {
		started := time.Now()
		f, err := expression.Compile(formula, order{}, want)
		if err == nil {
			_, err = f.Eval(sample())
		}
		var wrong *expression.Error
		require.ErrorAs(t, err, &wrong, formula)
		require.Less(t, time.Since(started), 5*time.Second, formula)
	}
	within := "total > 0"
	for range 3 {
		within = "any(items, " + within + ")"
	}
	_, err := expression.Compile(within, order{}, expression.Flag)
	require.ErrorContains(t, err, "At most 2 lists")
	_, err = expression.Compile(`let r = 1..999999; any(r, any(r, total > 99))`, order{}, expression.Flag)
	require.ErrorContains(t, err, "run of numbers")
	two, err := expression.Compile(`any(items, any(items, .units > 1))`, order{}, expression.Flag)
	require.NoError(t, err)
	yes, err := two.Eval(sample())
	require.NoError(t, err)
	require.Equal(t, true, yes)
}

func FuzzFormula(f *testing.F) {
	for _, seed := range []string{`let r = 1..999999; any(r, any(r, total > 99))`, `let x = total * total; let y = x * x; y`, `join(split(replace(labels[0], "", "ab"), ""), "cd")`, `text([labels, labels])`, `decimal("1e400")`, `total == 1.5`, `map(items, .amount)`, `a.b?.c`, `1/0`, `{`, `"a" in labels`, `items[-1:]`, `let x = 1; x + 1`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		late := time.AfterFunc(10*time.Second, func() { panic("for ever: " + text) })
		defer late.Stop()
		for _, want := range []expression.Type{expression.Text, expression.Number, expression.Flag} {
			formula, err := expression.Compile(text, order{}, want)
			if err != nil {
				continue
			}
			_, _ = formula.Eval(sample()) // neither panics nor runs for ever
		}
	})
}
