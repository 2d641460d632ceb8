package report

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/money"
)

func TestAmountsAreReadInTheFilesStyle(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text     string
		decimal  byte
		currency money.Currency
		want     money.Units
		rule     string
	}{
		{"1668.68", '.', "USD", 16686800, ""},
		{"-0.05", '.', "USD", -500, ""},
		{"0.00", '.', "USD", 0, ""},
		{"-0.00", '.', "USD", 0, ""},
		{"32.09    ", '.', "CAD", 320900, ""},
		{"7", '.', "USD", 70000, ""},
		{"7.5", '.', "USD", 75000, ""},
		{".5", '.', "USD", 5000, ""},
		{"0.1234", '.', "USD", 1234, ""},
		{"1,062.53", '.', "USD", 10625300, ""},
		{"1,234", '.', "USD", 12340000, ""},
		{"12,34,567.89", '.', "INR", 12345678900, ""},
		{"1,234,567", '.', "USD", 12345670000, ""},
		{"(55.00)", '.', "USD", -550000, ""},
		{"(1,055.00)", '.', "USD", -10550000, ""},
		{"128,84", ',', "EUR", 1288400, ""},
		{"1.234,56", ',', "EUR", 12345600, ""},
		{"-1234,56", ',', "EUR", -12345600, ""},
		{"1.234", ',', "EUR", 12340000, ""},
		{"1.234", '.', "KWD", 12340, ""},
		{"0.123", '.', "USD", 1230, ""},
		{"1234.567", '.', "USD", 12345670, ""},
		{"-1500", 0, "JPY", -15000000, ""},
		{"1,234", 0, "JPY", 12340000, ""},
		{"900719925474.99", '.', "USD", 9007199254749900, ""},

		{"", '.', "USD", 0, RuleAmountMissing},
		{"   ", '.', "USD", 0, RuleAmountMissing},
		{"1,234", 0, "USD", 0, RuleAmountAmbiguous},
		{"1.234", 0, "EUR", 0, RuleAmountAmbiguous},
		{"1.234", '.', "USD", 0, RuleAmountAmbiguous},
		{"12,50", '.', "USD", 0, RuleAmountMixed},
		{"1.234,56", '.', "USD", 0, RuleAmountMixed},
		{"12.50", ',', "EUR", 0, RuleAmountMixed},
		{"1.23456", '.', "USD", 0, RuleAmountRange},
		{"99999999999999999999", '.', "USD", 0, RuleAmountRange},
		{"1,23,4.00", '.', "USD", 0, RuleAmount},
		{"1234,567.00", '.', "USD", 0, RuleAmount},
		{"1.2.3,4,5", '.', "USD", 0, RuleAmount},
		{"12.", '.', "USD", 0, RuleAmount},
		{"(-5.00)", '.', "USD", 0, RuleAmount},
		{"--5.00", '.', "USD", 0, RuleAmount},
		{"-", '.', "USD", 0, RuleAmount},
		{"()", '.', "USD", 0, RuleAmount},
		{"$5.00", '.', "USD", 0, RuleAmount},
		{"1e5", '.', "USD", 0, RuleAmount},
		{"NaN", '.', "USD", 0, RuleAmount},
		{"٣.00", '.', "USD", 0, RuleAmount},
	} {
		style := amountStyle{decimal: c.decimal}
		got, rule := style.parse([]byte(c.text), c.currency)
		require.Equal(t, c.rule, rule, c.text)
		require.Equal(t, c.want, got, c.text)
	}
}

func TestAFileThatMixedStylesNoLongerResolvesWhatCouldBeEither(t *testing.T) {
	t.Parallel()
	var style amountStyle
	for _, text := range []string{"12.50", "12,50"} {
		style.learn([]byte(text))
	}
	_, rule := style.parse([]byte("1,234"), "USD")
	require.Equal(t, RuleAmountAmbiguous, rule)
	units, rule := style.parse([]byte("3.10"), "USD")
	require.Empty(t, rule, "the first style stays readable")
	require.Equal(t, money.Units(31000), units)
}

func TestDatesAreReadInEveryFormAmazonWrites(t *testing.T) {
	t.Parallel()
	at := func(text string) time.Time {
		value, err := time.Parse(time.RFC3339Nano, text)
		require.NoError(t, err)
		return value.UTC()
	}
	for _, c := range []struct {
		text  string
		first byte
		want  string
		rule  string
	}{
		{"2024-10-26 18:32:18 UTC", 0, "2024-10-26T18:32:18Z", ""},
		{"2024-10-26", 0, "2024-10-26T00:00:00Z", ""},
		{"15.11.2024 10:00:37 UTC", 0, "2024-11-15T10:00:37Z", ""},
		{"03.04.2024", 0, "2024-04-03T00:00:00Z", ""},
		{"2026/09/07 00:20:09 UTC", 0, "2026-09-07T00:20:09Z", ""},
		{"2025-08-14T06:23:59+00:00", 0, "2025-08-14T06:23:59Z", ""},
		{"2025-08-14T06:23:59-07:00", 0, "2025-08-14T13:23:59Z", ""},
		{"2025-08-14T06:23:59+0530", 0, "2025-08-14T00:53:59Z", ""},
		{"2025-08-14T06:23:59+09", 0, "2025-08-13T21:23:59Z", ""},
		{"2025-08-14T06:23:59.123Z", 0, "2025-08-14T06:23:59.123Z", ""},
		{" 2025-08-14 06:23 ", 0, "2025-08-14T06:23:00Z", ""},
		{"2024-02-29", 0, "2024-02-29T00:00:00Z", ""},
		{"26-10-2024", 0, "2024-10-26T00:00:00Z", ""},
		{"10/26/2024 05:00:00 UTC", 0, "2024-10-26T05:00:00Z", ""},
		{"09/06/25", 'D', "2025-06-09T00:00:00Z", ""},
		{"09/06/25", 'M', "2025-09-06T00:00:00Z", ""},
		{"06/06/25", 0, "2025-06-06T00:00:00Z", ""},

		{"", 0, "", RuleDateMissing},
		{"09/06/25", 0, "", RuleDateAmbiguous},
		{"09-06-2025", 0, "", RuleDateAmbiguous},
		{"26/10/2024", 'M', "", RuleDateMixed},
		{"10/26/2024", 'D', "", RuleDateMixed},
		{"31/31/2024", 'D', "", RuleDate},
		{"2023-02-29", 0, "", RuleDate},
		{"31.04.2024", 0, "", RuleDate},
		{"2024-13-01", 0, "", RuleDate},
		{"2024-10-26 25:00:00 UTC", 0, "", RuleDate},
		{"2024-10-26 10:00:00 PDT", 0, "", RuleDate},
		{"Jun 8, 2025 10:23:19 PM PDT", 0, "", RuleDate},
		{"2024-10-26 10:00:61", 0, "", RuleDate},
		{"2024-10.26", 0, "", RuleDate},
		{"0001-01-01", 0, "", RuleDate},
		{"45591", 0, "", RuleDate},
	} {
		order := dateOrder{first: c.first}
		var got int64
		require.Equal(t, c.rule, order.parse([]byte(c.text), &got), c.text)
		if c.rule == "" {
			require.Equal(t, at(c.want), microTime(got), c.text)
		}
	}
}

func TestEveryDayCountsAsTheCalendarDoes(t *testing.T) {
	t.Parallel()
	var order dateOrder
	for day := time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2110; day = day.AddDate(0, 0, 1) {
		var got int64
		require.Empty(t, order.parse([]byte(day.Format(time.DateOnly)), &got))
		require.Equal(t, day.UnixMicro(), got)
	}
}

func TestAReportHasABound(t *testing.T) {
	t.Parallel()
	_, err := io.Copy(io.Discard, &bounded{strings.NewReader(strings.Repeat("x", 100)), 99})
	var unreadable *Unreadable
	require.ErrorAs(t, err, &unreadable)
	require.Contains(t, unreadable.Error(), "more than 16 GB")
	n, err := io.Copy(io.Discard, &bounded{strings.NewReader(strings.Repeat("x", 100)), 100})
	require.NoError(t, err)
	require.EqualValues(t, 100, n)
}

func TestEveryRuleIsExplained(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{RuleAmount, RuleAmountMissing, RuleAmountAmbiguous, RuleAmountMixed, RuleAmountRange,
		RuleDate, RuleDateMissing, RuleDateAmbiguous, RuleDateMixed, RuleQuantity, RuleCurrency, RuleCurrencyOther,
		RuleSettlementID, RuleNoSummary, RuleSettlementTwice, RuleHeaderDiffers, RuleTooManyFields, RuleNUL,
		RuleRowTooLong, RuleTextTooLong, RuleTotalDiffers} {
		require.NotContains(t, Explain(rule), rule)
	}
}
